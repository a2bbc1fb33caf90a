"""What can be wrong with evidence from a log."""

from did.errors import IdError, Malformed


class NoteMalformed(Malformed):
    """A note, checkpoint, tile, entry bundle or proof is not in the form of its specification."""

    default_hint = "Fetch it again; if it stays so, keep the bytes and report the log."


class LogEvidenceInvalid(IdError):
    """A proof or signature does not hold: the log, a witness, or somebody between lies or errs."""

    code = "signature_invalid"
    default_hint = "Do not rely on this log; keep both pieces of evidence and report it."
