"""W3C Data Integrity: canonical graphs first, cryptosuites upon them."""
