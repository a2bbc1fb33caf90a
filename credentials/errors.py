"""Errors of the credential library: one class per decision that a caller can make.

Each class carries the stable house code of the interface (`code`), a sentence for people
(`detail`, never a claim value, name, personal code or key) and the next step (`hint`).
`SignatureInvalid`, `AlgorithmNotAllowed`, `Malformed` and `FetchFailed` are the ones of `did`,
re-exported so that callers find every class in one place.
"""

from did.errors import AlgorithmNotAllowed, FetchFailed, IdError, Malformed, SignatureInvalid

__all__ = [
    "AlgorithmNotAllowed",
    "AudienceMismatch",
    "ClaimMissing",
    "ClaimUnrequested",
    "CredentialError",
    "CredentialExpired",
    "CredentialNotYetValid",
    "CredentialRevoked",
    "CredentialSuspended",
    "DisclosureInvalid",
    "EncryptionFailed",
    "FetchFailed",
    "HolderBindingInvalid",
    "IdError",
    "IssuerKeyUnresolvable",
    "IssuerUntrusted",
    "Malformed",
    "MalformedCredential",
    "NonceMismatch",
    "ProtocolError",
    "QueryUnsatisfied",
    "SignatureInvalid",
    "StatusInvalid",
    "StatusUnavailable",
    "TooLarge",
    "TransactionMismatch",
    "TypeUnexpected",
    "VerificationError",
    "VerifierUntrusted",
]


class CredentialError(IdError):
    """Root of the errors of `credentials`."""


class MalformedCredential(CredentialError, Malformed):
    """A token, certificate, credential or message does not have the shape its specification gives it."""

    code = "malformed"


class TooLarge(MalformedCredential):
    """An input is larger, deeper or more numerous than the limit for its kind."""

    code = "too_large"


class EncryptionFailed(MalformedCredential):
    """A message could not be decrypted with the keys and algorithms that were offered."""


class VerificationError(CredentialError):
    """A check on a well-formed artefact failed."""


class IssuerUntrusted(VerificationError):
    """No entry of the trust policy lets this issuer, under this key, issue this type."""

    code = "issuer_untrusted"


class VerifierUntrusted(VerificationError):
    """The relying party is not in the wallet's trust list."""

    code = "verifier_untrusted"


class IssuerKeyUnresolvable(VerificationError):
    """The issuer is known, its key is not: the key source answered, but without a usable key."""

    code = "issuer_key_unresolvable"


class TypeUnexpected(VerificationError):
    """The token or credential is of another type than the slot it was put in."""

    code = "type_unexpected"


class CredentialExpired(VerificationError):
    """`exp` has passed."""

    code = "credential_expired"


class CredentialNotYetValid(VerificationError):
    """`nbf` or `iat` lies in the future."""

    code = "credential_not_yet_valid"


class CredentialRevoked(VerificationError):
    """The status list says that the credential was withdrawn for good."""

    code = "credential_revoked"


class CredentialSuspended(VerificationError):
    """The status list says that the credential is suspended."""

    code = "credential_suspended"


class StatusInvalid(VerificationError):
    """The status reference or the status list itself is wrong."""

    code = "status_invalid"


class StatusUnavailable(VerificationError):
    """No fresh status list could be had: the verdict is undetermined."""

    code = "status_unavailable"


class ClaimMissing(VerificationError):
    """A claim that was asked for, or that the type demands, is not there."""

    code = "claim_missing"


class ClaimUnrequested(VerificationError):
    """A claim was disclosed that nobody asked for."""

    code = "claim_unrequested"


class QueryUnsatisfied(VerificationError):
    """The answer does not satisfy the query as a whole."""

    code = "query_unsatisfied"


class DisclosureInvalid(VerificationError):
    """A disclosure does not fit the signed digests (RFC 9901 section 7.1)."""

    code = "disclosure_invalid"


class HolderBindingInvalid(VerificationError):
    """Possession of the holder key was not proven (RFC 9901 section 7.3)."""

    code = "holder_binding_invalid"


class NonceMismatch(VerificationError):
    """The proof answers another challenge than ours."""

    code = "nonce_mismatch"


class AudienceMismatch(VerificationError):
    """The proof was made for somebody else."""

    code = "audience_mismatch"


class TransactionMismatch(VerificationError):
    """The transaction data that the holder confirmed are not ours (OpenID4VP 1.0 section 8.4)."""

    code = "transaction_mismatch"


class ProtocolError(CredentialError):
    """A protocol message is refused on a standard's own endpoint.

    `error` is the standard's code (`invalid_proof`), `code` the house code, `detail` the sentence.
    """

    def __init__(self, error: str, detail: str, *, code: str = "malformed", hint: str = "") -> None:
        super().__init__(detail, hint=hint)
        self.error = error
        self.code = code

    @property
    def description(self) -> str:
        """Return what goes on the wire as `error_description`: house code, colon, sentence."""
        return f"{self.code}: {self.detail}"
