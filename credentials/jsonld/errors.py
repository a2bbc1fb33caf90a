"""Errors of the JSON-LD processor. All are malformed input; `DataLoss` is the one that safe mode adds (T30)."""

from typing import ClassVar

from credentials.errors import MalformedCredential


class JsonLdError(MalformedCredential):
    """A document or context breaks JSON-LD 1.1, or uses a part of it that no credential needs."""

    type_url: ClassVar[str] = "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR"
    default_hint = "Write the credential in plain JSON-LD with published contexts only."


class ContextRefused(JsonLdError):
    """A context is not one that we hold and allow, or it is not well formed (T29)."""

    default_hint = "Use only the published contexts that this service lists, by their URL."


class DataLoss(JsonLdError):
    """Something in the document would not become part of what is signed (T30)."""

    type_url = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"
    default_hint = "Define every term in a context and write every identifier in full, or leave the member out."
