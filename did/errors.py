"""`IdError`, the root of every error in this project, and the errors of keys and identifiers.

An error has a stable `code` for machines (contract of the service, "Errors"), a `detail` that says
what was wrong, and a `hint` that says what to do next. None of them may hold a secret or a claim.
DID errors also carry the `type_url` that DID Resolution 1.0 assigns.
"""

from typing import ClassVar


class IdError(Exception):
    """Root of all errors raised on purpose; `code` is stable, `detail` and `hint` are for people."""

    code: str = "malformed"
    default_hint: ClassVar[str] = "Correct the input and send it again."

    def __init__(self, detail: str, *, hint: str = "") -> None:
        """`detail` says what was wrong; `hint` the next step, else the class's own."""
        super().__init__(detail)
        self.hint = hint or self.default_hint

    @property
    def detail(self) -> str:
        """What was wrong, in one sentence."""
        return str(self)


class Malformed(IdError):
    """The input is not what its syntax demands."""

    code = "malformed"


class KeyInvalid(Malformed):
    """A key is off its curve, of the wrong length, of small order, private where public is due, or unknown (T10)."""

    default_hint = "Use a public key on P-256, P-384 or Ed25519 in its standard form."


class AlgorithmNotAllowed(IdError):
    """The algorithm is not one we accept, or does not fit the key (T01)."""

    code = "algorithm_not_allowed"
    default_hint = "Sign with ES256, ES384 or EdDSA and a key of that algorithm."


class SignatureInvalid(IdError):
    """The signature does not hold over the bytes that were received (T06)."""

    code = "signature_invalid"
    default_hint = "Ask the signer for the original, unaltered text."


class KeyFileInvalid(Malformed):
    """A sealed key file is cut, altered, of another kind, or the passphrase is wrong."""

    default_hint = "Check the passphrase; if it is right, restore the file from a backup."


class FetchFailed(IdError):
    """A source did not answer, so nothing can be said; a verdict becomes `undetermined`."""

    code = "issuer_key_unresolvable"
    default_hint = "Try again later; if it persists, tell whoever runs the source."


class DidError(IdError):
    """A DID or DID URL could not be resolved; `type_url` is the error type of DID Resolution 1.0."""

    code = "issuer_key_unresolvable"
    type_url: ClassVar[str] = "https://www.w3.org/ns/did#INTERNAL_ERROR"
    title: ClassVar[str] = "The DID could not be resolved."
    default_hint = "Check that the identifier is complete and that its method is supported."


class InvalidDid(DidError):
    """The text is not a DID of its method."""

    code = "malformed"
    type_url = "https://www.w3.org/ns/did#INVALID_DID"
    title = "Invalid DID"


class InvalidPublicKey(InvalidDid, KeyInvalid):
    """The key inside a did:key or did:jwk is unusable (did:key 3; T41)."""

    code = "malformed"
    title = "Invalid public key in the DID"


class InvalidLog(InvalidDid):
    """The log of a did:webvh breaks a rule: a hash, a proof, a key, a time, a parameter, a witness (T40)."""

    code = "issuer_key_unresolvable"
    title = "Invalid DID log"
    default_hint = "Tell the controller of the DID that its log is not valid; trust no part of it meanwhile."


class LogRolledBack(InvalidLog):
    """The log does not contain the version that was seen before: it was cut or rewritten (T40)."""

    title = "DID log was rolled back"


class InvalidDidUrl(DidError):
    """The text is not a DID URL."""

    code = "malformed"
    type_url = "https://www.w3.org/ns/did#INVALID_DID_URL"
    title = "Invalid DID URL"


class InvalidOptions(DidError):
    """Resolution options contradict each other or are malformed."""

    code = "malformed"
    type_url = "https://www.w3.org/ns/did#INVALID_OPTIONS"
    title = "Invalid resolution options"


class NotFound(DidError):
    """The DID, its version, or the part named by a DID URL does not exist."""

    code = "not_found"
    type_url = "https://www.w3.org/ns/did#NOT_FOUND"
    title = "Not found"


class MethodNotSupported(DidError):
    """The DID method is not one we resolve."""

    type_url = "https://www.w3.org/ns/did#METHOD_NOT_SUPPORTED"
    title = "DID method not supported"


class FeatureNotSupported(DidError):
    """The method has no such feature (for example versions)."""

    type_url = "https://www.w3.org/ns/did#FEATURE_NOT_SUPPORTED"
    title = "Feature not supported"


class RepresentationNotSupported(DidError):
    """No representation that we can give or read was asked for or found."""

    type_url = "https://www.w3.org/ns/did#REPRESENTATION_NOT_SUPPORTED"
    title = "Representation not supported"


class InvalidDidDocument(DidError):
    """The DID document breaks DID Core or CID, or names another DID."""

    type_url = "https://www.w3.org/ns/did#INVALID_DID_DOCUMENT"
    title = "Invalid DID document"
    default_hint = "Tell the controller of the DID that its document is not valid."


class Deactivated(DidError):
    """The DID has been deactivated; its keys verify nothing new."""

    type_url = "https://www.w3.org/ns/did#DEACTIVATED"
    title = "Deactivated"
    default_hint = "Ask the controller for the identifier that replaced it."


class KeyNotAuthorized(DidError):
    """The verification method is not listed under the relationship that the use demands (CID 1.0, 3.3)."""

    type_url = "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
    title = "Key not authorized for this purpose"
    default_hint = "Sign with a key that the DID document lists for this purpose."
