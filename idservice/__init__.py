"""The issuer and verifier service."""
