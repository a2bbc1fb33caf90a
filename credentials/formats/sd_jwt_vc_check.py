"""The examination of one SD-JWT VC: its stages, in the order in which a verifier runs them.

RFC 9901 section 7, draft-ietf-oauth-sd-jwt-vc "Verification", HAIP 1.0 section 6, OpenID4VP 1.0
sections 8.4, 8.6 and B.3. Size comes before, query and status after: they are the same for all formats.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from credentials import sd_jwt
from credentials.claims import check_times
from credentials.errors import (
    AlgorithmNotAllowed,
    DisclosureInvalid,
    HolderBindingInvalid,
    KeyInvalid,
    MalformedCredential,
    TransactionMismatch,
    TypeUnexpected,
)
from credentials.formats.base import CheckContext, Found, VerifiedCredential
from credentials.jose import ALLOWED_ALGS, check_algorithm, check_signature, check_type
from credentials.sd_jwt import ProcessedSdJwt, UnverifiedSdJwt
from credentials.trust import IssuerKey, find_issuer_key
from credentials.type_metadata import TypeMetadata, check_claims
from did.encoding import b64url_decode, json_object
from did.errors import Malformed
from did.keys import PublicKey

TYP = "dc+sd-jwt"

NEVER_DISCLOSED: frozenset[str] = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that are read from the signed payload only (SD-JWT VC, registered claims; T17)."""

SPECS: Mapping[str, str] = {
    "size": "OpenID4VP 1.0 section 8.1",
    "shape": "RFC 9901 section 4",
    "type": "SD-JWT VC, typ and vct",
    "algorithm": "HAIP 1.0 section 7",
    "issuer_trust": "SD-JWT VC, issuer key discovery",
    "signature": "RFC 9901 section 7.1",
    "time": "RFC 7519 section 4.1, 60 s",
    "holder_binding": "RFC 9901 section 7.3",
    "transaction": "OpenID4VP 1.0 section 8.4",
    "disclosures": "RFC 9901 section 7.1",
}


class SdJwtVcExamination:
    """One presentation (or credential as issued) of `dc+sd-jwt` on its way through the stages."""

    _parsed: UnverifiedSdJwt
    _payload: dict[str, Any]
    _issuer: IssuerKey
    _processed: ProcessedSdJwt
    _metadata: TypeMetadata | None = None
    _hash: str = ""
    _times: tuple[datetime | None, datetime | None] = (None, None)
    _proof: dict[str, Any] | None = None
    holder_key: PublicKey | None = None
    confirmed: frozenset[str] = frozenset()

    def __init__(self, presentation: object, context: CheckContext) -> None:
        self._presentation = presentation
        self._context = context

    def shape(self) -> Found:
        """Split and decode. A credential as issued may not carry a key-binding JWT (RFC 9901 section 7.2)."""
        if not isinstance(self._presentation, str):
            raise MalformedCredential("the presentation is not text")
        parsed = sd_jwt.parse_sd_jwt(self._presentation)
        if not self._context.presenting and parsed.kb_jwt is not None:
            raise MalformedCredential("the credential comes with a key-binding JWT")
        self._parsed = parsed
        self._payload = parsed.jws.unverified_claims()
        return Found(lambda: f"{len(parsed.disclosures)} disclosures" + (", key binding" if parsed.kb_jwt else ""))

    def type(self) -> Found:
        """Compare `typ`, then `vct` and the types it extends, with what was asked for (T04, T20)."""
        check_type(self._parsed.jws, TYP)
        vct = self._payload.get("vct")
        if not isinstance(vct, str) or not vct:
            raise TypeUnexpected("the credential has no vct")
        integrity = self._payload.get("vct#integrity")
        if integrity is not None and not isinstance(integrity, str):
            raise TypeUnexpected("vct#integrity is not text")
        metadata = self._context.policy.type_metadata(vct, integrity=integrity)
        types = self._context.types
        if types and types.isdisjoint((vct, *(metadata.lineage if metadata else ()))):
            raise TypeUnexpected(f"the credential is {_shown(vct)}, which was not asked for")
        self._metadata = metadata
        return Found(lambda: f"{TYP}, {_shown(vct)}")

    def algorithm(self) -> Found:
        """Compare `alg` and `_sd_alg` with the allowed ones (T01, T19)."""
        alg = check_algorithm(self._parsed.jws, ALLOWED_ALGS)
        self._hash = sd_jwt.hash_name(self._payload)
        return Found(lambda: f"{alg}, {self._hash}")

    def issuer_trust(self) -> Found:
        """Find the key that the policy ties to this issuer and this type (T02, T03, T09)."""
        context = self._context
        issuer = find_issuer_key(
            self._parsed.jws.header, self._payload, policy=context.policy, fetch=context.fetch, now=context.now
        )
        if self._parsed.jws.header["alg"] not in issuer.issuer.algs:
            raise AlgorithmNotAllowed("the trust policy does not allow this algorithm to this issuer")
        self._issuer = issuer
        return Found(lambda: f"{issuer.issuer.id} by {issuer.source}, {context.policy.label}")

    def signature(self) -> Found:
        """Check the issuer's signature under that key (T01, T06)."""
        check_signature(self._parsed.jws, self._issuer.key)
        return Found(lambda: f"key {self._issuer.key.thumbprint()[:6]}…")

    def time(self) -> Found:
        """Check `nbf`, `exp` and `iat` of the signed payload (T08)."""
        self._times = check_times(self._payload, now=self._context.now)
        until = self._times[1]
        if until is None:
            return Found("no end date", "warning", "Ask the issuer for credentials that end.")
        return Found(lambda: f"ends {until:%Y-%m-%d}")

    def holder_binding(self) -> Found:
        """Check possession of the `cnf` key as far as the request, not the credential, demands it (T11-T14, T18)."""
        context = self._context
        if not context.presenting:
            if context.holder_key is None:
                return Found("a credential alone proves no possession", "not_run")
            if bound_key(self._payload) != context.holder_key:
                raise HolderBindingInvalid("the credential is bound to another key than this wallet's")
            self.holder_key = context.holder_key
            return Found("bound to the key of this wallet")
        if not context.holder_binding and self._parsed.kb_jwt is None:
            return Found("not asked for", "not_run")
        key = bound_key(self._payload)
        if context.nonce is None or context.audience is None:
            raise HolderBindingInvalid("there is no request that the key-binding JWT could answer")
        self._proof = sd_jwt.verify_key_binding(
            self._parsed,
            holder_key=key,
            audience=context.audience,
            nonce=context.nonce,
            now=context.now,
            hash_alg=self._hash,
        ).claims
        self.holder_key = key
        return Found("nonce, audience, disclosures")

    def transaction(self) -> Found:
        """Check which of the transaction data the holder confirmed: exactly ours, nothing else (T59)."""
        proof = self._proof or {}
        expected = self._context.transaction_data
        if "transaction_data_hashes" not in proof:
            return Found("none confirmed here" if expected else "not asked for", "not_run")
        if not expected:
            raise TransactionMismatch("the holder confirmed a transaction that was not asked for")
        self.confirmed = _confirmed(proof, expected)
        return Found(lambda: f"{len(self.confirmed)} confirmed")

    def disclosures(self) -> Found:
        """Put the disclosures in place and check them against the type's own rules (T15-T17)."""
        processed = sd_jwt.process(self._payload, self._parsed.disclosures)
        hiding = NEVER_DISCLOSED & processed.roots
        if hiding:
            raise DisclosureInvalid(f"{', '.join(sorted(hiding))} may not be selectively disclosable, not even in part")
        if "iat" in processed.claims and "iat" not in self._payload:
            check_times({"iat": processed.claims["iat"]}, now=self._context.now)
        if self._metadata is not None:
            check_claims(
                self._metadata,
                processed.claims,
                disclosed=processed.disclosed,
                hidden=processed.hidden,
                positions=processed.positions,
            )
        self._processed = processed
        return Found(lambda: f"{len(processed.disclosed)} shown, {processed.hidden} hidden")

    def result(self) -> VerifiedCredential:
        """Return the verified credential; only after every stage has passed."""
        payload, processed = self._payload, self._processed
        lineage = self._metadata.lineage if self._metadata else ()
        proof = self._proof
        return VerifiedCredential(
            TYP,
            payload["vct"],
            (payload["vct"], *lineage),
            self._issuer.issuer,
            processed.claims,
            processed.disclosed,
            processed.positions,
            processed.hidden,
            self.holder_key,
            proof is not None if self._context.presenting else "cnf" in payload,
            self._times[0],
            self._times[1],
            payload.get("status"),
            self._issuer.authority_key_ids,
            self.confirmed,
            proof or {},
        )


def bound_key(payload: Mapping[str, Any]) -> PublicKey:
    """Return the holder key in the issuer-signed `cnf.jwk`. Raises HolderBindingInvalid. HAIP 1.0 section 6.1."""
    cnf = payload.get("cnf")
    jwk = cnf.get("jwk") if isinstance(cnf, dict) else None
    if not isinstance(jwk, dict):
        raise HolderBindingInvalid("the credential is bound to no key (cnf.jwk)")
    try:
        return PublicKey.from_jwk(jwk)
    except KeyInvalid as exc:
        raise HolderBindingInvalid(f"the credential is bound to a key that cannot be used: {exc.detail}") from exc


def transaction_hash(item: str, hash_alg: str) -> str:
    """Return the hash of one transaction data string as it was sent. OpenID4VP 1.0 section B.3.3.1."""
    if hash_alg not in sd_jwt.HASHES or not item.isascii():
        raise TransactionMismatch("the transaction data or its hash is not of a kind that is supported")
    return sd_jwt.digest_of(item, hash_alg)


def _confirmed(proof: Mapping[str, Any], expected: tuple[str, ...]) -> frozenset[str]:
    hashes = proof["transaction_data_hashes"]
    if not isinstance(hashes, list) or not hashes or not all(isinstance(text, str) for text in hashes):
        raise TransactionMismatch("transaction_data_hashes is not an array of hashes")
    named = proof.get("transaction_data_hashes_alg")
    if not isinstance(named, str | None):
        raise TransactionMismatch("transaction_data_hashes_alg is not text")
    by_hash: dict[str, str] = {}
    for item in expected:
        offered = _offered_algs(item)
        if offered is not None and named not in offered:
            raise TransactionMismatch("the hash of the transaction data is not one that the request offers")
        if offered is None and named not in (None, "sha-256"):
            raise TransactionMismatch("the hash of the transaction data is not the one of the request")
        by_hash[transaction_hash(item, named or "sha-256")] = item
    if len(set(hashes)) != len(hashes) or not by_hash.keys() >= set(hashes):
        raise TransactionMismatch("the holder confirmed other transaction data than those that were sent")
    return frozenset(by_hash[text] for text in hashes)


def _offered_algs(item: str) -> list[Any] | None:
    """Return the hashes that our own transaction data object offers, None when it leaves the default."""
    try:
        offered = json_object(b64url_decode(item)).get("transaction_data_hashes_alg")
    except Malformed as exc:
        raise TransactionMismatch("the transaction data sent are not base64url JSON") from exc
    return offered if isinstance(offered, list) else None


def _shown(text: str) -> str:
    """Return an identifier from an artefact as it may be shown: short, plain ASCII."""
    return text if len(text) <= 200 and text.isascii() and text.isprintable() else "one with an unreadable name"
