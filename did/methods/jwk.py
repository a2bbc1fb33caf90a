"""did:jwk (v1.0): a JWK, base64url, is the identifier. Create, and expand to a document.

The text of the identifier is kept as it came and never re-encoded. Its one method is `#0`, whatever
the JWK's `kid` says. Update and deactivation do not exist.
"""

from dataclasses import dataclass
from typing import Any

from did.document import DID_CONTEXT, RELATIONSHIPS, parse_document
from did.encoding import b64url_decode, b64url_encode, jcs, json_object
from did.errors import FeatureNotSupported, InvalidDid, InvalidPublicKey, KeyInvalid, Malformed
from did.keys import PublicKey
from did.keytypes import RawKey
from did.methods.base import Context, Resolved
from did.url import ParsedDid


@dataclass(frozen=True, slots=True)
class JwkMethod:
    """did:jwk."""

    name: str = "jwk"

    def create(self, key: PublicKey | RawKey) -> str:
        """Return the did:jwk of `key`, from its JWK with required members only, sorted."""
        return f"did:jwk:{b64url_encode(jcs(key.to_jwk()))}"

    def resolve(self, did: ParsedDid, context: Context) -> Resolved:
        """Return the document that the JWK in `did` expands to; raises InvalidDid, InvalidPublicKey (T41)."""
        if context.options.versioned:
            raise FeatureNotSupported("did:jwk has no versions")
        try:
            jwk = json_object(b64url_decode(did.id), max_bytes=4096, max_depth=4)
        except Malformed as exc:
            raise InvalidDid(f"did:jwk: {exc.detail}") from exc
        try:
            RawKey.from_jwk(jwk)
        except KeyInvalid as exc:
            raise InvalidPublicKey(f"did:jwk: {exc.detail}") from exc
        method_id = f"{did.did}#0"
        method = {"id": method_id, "type": "JsonWebKey", "controller": did.did, "publicKeyJwk": jwk}
        value: dict[str, Any] = {"@context": [DID_CONTEXT], "id": did.did, "verificationMethod": [method]}
        for relationship in RELATIONSHIPS:
            agreement = relationship == "keyAgreement"
            if not (agreement and jwk.get("use") == "sig") and (agreement or jwk.get("use") != "enc"):
                value[relationship] = [method_id]
        return Resolved(document=parse_document(value, did=did.did))
