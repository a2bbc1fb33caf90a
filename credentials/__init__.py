"""Credential formats, proofs, status, trust and protocol messages: pure functions and values."""
