"""The public log's formats: RFC 6962 tree, C2SP signed notes, checkpoints, cosignatures, tiles and proofs."""
