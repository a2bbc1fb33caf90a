"""did:webvh 1.0: a DID whose whole history is a log that anyone can verify.

`identifier` reads the DID and finds its files, `parameters`, `entry` and `history` verify a log,
`witness` the proofs beside it, `author` writes new entries, `services` holds the implicit services,
the parallel did:web and watcher addresses. All pure: bytes in, values out.
"""
