"""Errors of the credential library: one class per decision that a caller can make.

Each class carries the stable house code of the interface (`code`), a sentence for people
(`detail`, never a claim value, name, personal code or key) and the next step (`hint`).
`SignatureInvalid`, `AlgorithmNotAllowed`, `Malformed` and `FetchFailed` are the ones of `did`,
re-exported so that callers find every class in one place.
"""

from collections.abc import Mapping

from did.errors import AlgorithmNotAllowed, FetchFailed, IdError, KeyInvalid, Malformed, SignatureInvalid

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
    "KeyInvalid",
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
    default_hint = "Send the artefact exactly as it was issued; if it still fails, tell whoever made it."


class TooLarge(MalformedCredential):
    """An input is larger, deeper or more numerous than the limit for its kind."""

    code = "too_large"
    default_hint = "Send a smaller message: disclose less, or split the request."


class EncryptionFailed(MalformedCredential):
    """A message could not be decrypted with the keys and algorithms that were offered."""

    default_hint = "Encrypt to the key of this request, with an algorithm that it offers."


class VerificationError(CredentialError):
    """A check on a well-formed artefact failed."""

    default_hint = "Ask the holder to present again with a current credential."


class IssuerUntrusted(VerificationError):
    """No entry of the trust policy lets this issuer, under this key, issue this type."""

    code = "issuer_untrusted"
    default_hint = "Accept the credential only from an issuer that the trust list names for this type."


class VerifierUntrusted(VerificationError):
    """The relying party is not in the wallet's trust list."""

    code = "verifier_untrusted"
    default_hint = "Share nothing; ask the organisation whether it is registered."


class IssuerKeyUnresolvable(VerificationError):
    """The issuer is known, its key is not: the key source answered, but without a usable key."""

    code = "issuer_key_unresolvable"
    default_hint = "Ask the issuer to publish the key that signed this credential."


class TypeUnexpected(VerificationError):
    """The token or credential is of another type than the slot it was put in."""

    code = "type_unexpected"
    default_hint = "Present a credential of the type that was asked for."


class CredentialExpired(VerificationError):
    """`exp` has passed."""

    code = "credential_expired"
    default_hint = "Refresh the credential in the wallet and present it again."


class CredentialNotYetValid(VerificationError):
    """`nbf` or `iat` lies in the future."""

    code = "credential_not_yet_valid"
    default_hint = "Wait until the credential becomes valid; check the clock of this machine."


class CredentialRevoked(VerificationError):
    """The status list says that the credential was withdrawn for good."""

    code = "credential_revoked"
    default_hint = "Ask the issuing office for a new credential; this one was withdrawn for good."


class CredentialSuspended(VerificationError):
    """The status list says that the credential is suspended."""

    code = "credential_suspended"
    default_hint = "Ask the issuing office to lift the suspension, then try again."


class StatusInvalid(VerificationError):
    """The status reference or the status list itself is wrong."""

    code = "status_invalid"
    default_hint = "Tell the issuer that its status list does not hold; accept nothing meanwhile."


class StatusUnavailable(VerificationError):
    """No fresh status list could be had: the verdict is undetermined."""

    code = "status_unavailable"
    default_hint = "Try again in a few minutes; the status list could not be read."


class ClaimMissing(VerificationError):
    """A claim that was asked for, or that the type demands, is not there."""

    code = "claim_missing"
    default_hint = "Ask the holder to share every claim that the request names."


class ClaimUnrequested(VerificationError):
    """A claim was disclosed that nobody asked for."""

    code = "claim_unrequested"
    default_hint = "Use a wallet that shares only what the request names."


class QueryUnsatisfied(VerificationError):
    """The answer does not satisfy the query as a whole."""

    code = "query_unsatisfied"
    default_hint = "Present every credential that the request asks for."


class DisclosureInvalid(VerificationError):
    """A disclosure does not fit the signed digests (RFC 9901 section 7.1)."""

    code = "disclosure_invalid"
    default_hint = "Present the credential again, unaltered; if it still fails, fetch it anew from the issuer."


class HolderBindingInvalid(VerificationError):
    """Possession of the holder key was not proven (RFC 9901 section 7.3)."""

    code = "holder_binding_invalid"
    default_hint = "Present from the wallet that the credential was issued to."


class NonceMismatch(VerificationError):
    """The proof answers another challenge than ours."""

    code = "nonce_mismatch"
    default_hint = "Start again from a fresh request; an old answer cannot be used twice."


class AudienceMismatch(VerificationError):
    """The proof was made for somebody else."""

    code = "audience_mismatch"
    default_hint = "Answer the request of this verifier; a proof for another one is not accepted."


class TransactionMismatch(VerificationError):
    """The transaction data that the holder confirmed are not ours (OpenID4VP 1.0 section 8.4)."""

    code = "transaction_mismatch"
    default_hint = "Start again and confirm the transaction that the request shows."


class ProtocolError(CredentialError):
    """A protocol message is refused on a standard's own endpoint.

    `error` is the standard's code (`invalid_proof`), `code` the house code, `detail` the sentence.
    `status` and `headers` are what the standard asks of an HTTP answer (401 and `WWW-Authenticate`).
    """

    def __init__(
        self,
        error: str,
        detail: str,
        *,
        code: str = "malformed",
        hint: str = "",
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail, hint=hint)
        self.error = error
        self.code = code
        self.status = status
        self.headers: Mapping[str, str] = dict(headers or {})

    @property
    def description(self) -> str:
        """Return what goes on the wire as `error_description`: house code, colon, sentence."""
        return f"{self.code}: {self.detail}"
