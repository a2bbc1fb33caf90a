"""Errors of Data Integrity proofs; `type_url` is the problem type of VC Data Integrity 1.0 section 6."""

from typing import ClassVar

from credentials.errors import AudienceMismatch, MalformedCredential, NonceMismatch
from did.errors import SignatureInvalid


class ProofInvalid(SignatureInvalid):
    """A proof does not hold, has expired, was made for another purpose, or is not there (T28)."""

    type_url: ClassVar[str] = "https://w3id.org/security#PROOF_VERIFICATION_ERROR"
    default_hint = "Ask the issuer or holder for the document with a current proof of its own."


class ProofMalformed(MalformedCredential):
    """A proof does not have the shape of a Data Integrity proof."""

    type_url: ClassVar[str] = "https://w3id.org/security#PARSING_ERROR"


class ProofNotMade(MalformedCredential):
    """A proof cannot be made with these options, this key or over this document."""

    type_url: ClassVar[str] = "https://w3id.org/security#PROOF_GENERATION_ERROR"
    default_hint = "Check the options of the proof and the document that it is for."


class ChallengeMismatch(NonceMismatch):
    """The proof answers another challenge than ours."""

    type_url: ClassVar[str] = "https://w3id.org/security#INVALID_CHALLENGE_ERROR"


class DomainMismatch(AudienceMismatch):
    """The proof was made for another domain than ours."""

    type_url: ClassVar[str] = "https://w3id.org/security#INVALID_DOMAIN_ERROR"
