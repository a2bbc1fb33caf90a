"""`make bench`: every operation beside the raw cost of its cryptography and beside a peer, in one run."""
