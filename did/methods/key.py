"""did:key (CCG draft v0.9): the key is the identifier. Create, and expand to a document.

Every registered key type resolves; which keys may sign is for the use of the document. The optional
version segment is accepted as `1` only. Update and deactivation do not exist.
"""

from dataclasses import dataclass
from typing import Any

from did.document import DID_CONTEXT, DidDocument, method_json, parse_document
from did.edwards import ed25519_to_x25519
from did.errors import FeatureNotSupported, InvalidDid, InvalidPublicKey, KeyInvalid
from did.keys import PublicKey
from did.keytypes import RawKey
from did.methods.base import Context, Resolved
from did.url import ParsedDid

_SIGNING = ("authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyMethod:
    """did:key with its expansion options (did:key, "Document Creation Algorithm")."""

    form: str = "Multikey"
    derive_encryption_key: bool = False
    name: str = "key"

    def create(self, key: PublicKey | RawKey) -> str:
        """Return the did:key of `key`."""
        return f"did:key:{key.to_multikey()}"

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        """Return the document that the key in `did` expands to; raises InvalidDid, InvalidPublicKey (T41)."""
        if context.options.versioned:
            raise FeatureNotSupported("did:key has no versions")
        return Resolved(document=self._document(did.did, decode_key(did)))

    def _document(self, did: str, key: RawKey) -> DidDocument:
        try:
            method = method_json(f"{did}#{key.to_multikey()}", controller=did, key=key, form=self.form)
        except KeyInvalid as exc:
            raise InvalidPublicKey(exc.detail) from exc
        value: dict[str, Any] = {"@context": [DID_CONTEXT], "id": did, "verificationMethod": [method]}
        if key.name == "X25519":
            value["keyAgreement"] = [method["id"]]
            return parse_document(value, did=did)
        for relationship in _SIGNING:
            value[relationship] = [method["id"]]
        if key.name == "Ed25519" and self.derive_encryption_key:
            agreement = RawKey.checked("X25519", ed25519_to_x25519(key.raw))
            form = "X25519KeyAgreementKey2020" if self.form == "Ed25519VerificationKey2020" else self.form
            agreement_id = f"{did}#{agreement.to_multikey()}"
            value["keyAgreement"] = [method_json(agreement_id, controller=did, key=agreement, form=form)]
        return parse_document(value, did=did)


def decode_key(did: ParsedDid) -> RawKey:
    """Return the checked key inside the did:key `did`; raises InvalidDid or InvalidPublicKey (did:key 3; T41)."""
    multikey = did.id.removeprefix("1:")
    if ":" in multikey:
        raise InvalidDid("did:key has a version other than 1, or too many parts")
    try:
        return RawKey.from_multikey(multikey)
    except KeyInvalid as exc:
        raise InvalidPublicKey(f"did:key: {exc.detail}") from exc
