"""`ecdsa-sd-2023`: an issuer signs every statement, the holder shows some of them.

ECDSA Cryptosuites 1.0 sections 3.5 and 3.6. The base proof is for the holder alone; a verifier is shown
derived proofs only (T32).
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from secrets import token_bytes
from typing import Any, Final

from credentials import cbor
from credentials.data_integrity.base import AnySigner, MessageSigner, signing_key
from credentials.data_integrity.disclosure import (
    are_indexes,
    hash_lines,
    proof_hash,
    read_components,
    refuse_chain,
    signed_lines,
    split,
    verifier_labels,
)
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.selection import (
    Labels,
    Relabel,
    check_pointers,
    group,
    select,
)
from credentials.jsonld import Contexts
from did.encoding import b64url_decode, b64url_encode, multibase_encode
from did.errors import AlgorithmNotAllowed, KeyInvalid
from did.keys import PrivateKey, PublicKey
from did.keytypes import RawKey
from did.signing import LocalSigner, Signer

_BASE: Final = b"\xd9\x5d\x00"
_DERIVED: Final = b"\xd9\x5d\x01"
_P256_PREFIX: Final = b"\x80\x24"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseProof:
    """What a base proof value holds (3.5.3)."""

    signature: bytes
    public_key: bytes
    hmac_key: bytes
    signatures: list[bytes]
    mandatory: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedProof:
    """What a derived proof value holds (3.5.8). `labels` maps canonical labels to signed ones."""

    signature: bytes
    public_key: bytes
    signatures: list[bytes]
    labels: dict[str, str]
    mandatory: list[int]


def _new_key() -> LocalSigner:
    return LocalSigner(PrivateKey.generate("ES256"))


@dataclass(frozen=True, slots=True, kw_only=True)
class EcdsaSd2023:
    """The suite. `mandatory` are the JSON pointers that a new proof makes the holder always show."""

    mandatory: tuple[str, ...] = ()
    random_bytes: Callable[[int], bytes] = token_bytes
    new_key: Callable[[], Signer] = _new_key
    name: str = "ecdsa-sd-2023"
    rdf: bool = True

    def create_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, signer: AnySigner, contexts: Contexts
    ) -> dict[str, Any]:
        """Return a base proof (3.6.1 to 3.6.5). Raises AlgorithmNotAllowed unless the key is on P-256."""
        if isinstance(signer, MessageSigner) or signer.alg != "ES256":
            raise AlgorithmNotAllowed("ecdsa-sd-2023 signs with a key on P-256")
        refuse_chain(document, proof)
        hmac_key, proof_signer = self.random_bytes(32), self.new_key()
        pointers = check_pointers(list(self.mandatory))
        grouped = group(document, {"mandatory": pointers}, relabel=hmac_labels(hmac_key), contexts=contexts)
        mandatory = set(grouped.groups["mandatory"])
        signatures = [proof_signer.sign(line.encode()) for at, line in enumerate(grouped.lines) if at not in mandatory]
        public_key = _P256_PREFIX + proof_signer.public_key.raw
        shown = [line for at, line in enumerate(grouped.lines) if at in mandatory]
        data = _sign_data(proof_hash(document, proof, contexts), public_key, shown)
        value = _BASE + cbor.encode([signer.sign(data), public_key, hmac_key, signatures, pointers])
        return {**proof, "proofValue": multibase_encode(value, base="u")}

    def derive_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, pointers: Sequence[str], contexts: Contexts
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return the part of `document` that is to be shown, and the proof of it (3.6.6).

        `pointers` are what the holder shows beyond the mandatory part. Raises ProofNotMade, ProofMalformed.
        """
        base = parse_base(proof)
        selective = check_pointers(list(pointers))
        combined = [*base.mandatory, *selective]
        grouped = group(
            document,
            {"mandatory": base.mandatory, "selective": selective, "combined": combined},
            relabel=hmac_labels(base.hmac_key),
            contexts=contexts,
        )
        mandatory, shown = set(grouped.groups["mandatory"]), set(grouped.groups["selective"])
        rest = [at for at in range(len(grouped.lines)) if at not in mandatory]
        if len(rest) != len(base.signatures):
            raise ProofInvalid("the base proof is for another document")
        derived = DerivedProof(
            signature=base.signature,
            public_key=base.public_key,
            signatures=[signature for at, signature in zip(rest, base.signatures, strict=True) if at in shown],
            labels=verifier_labels(grouped.selected["combined"], grouped.labels),
            mandatory=[place for place, at in enumerate(grouped.groups["combined"]) if at in mandatory],
        )
        return select(document, combined), {**proof, "proofValue": _derived_value(derived)}

    def mandatory_pointers(self, proof: Mapping[str, Any]) -> list[str]:
        """Return what a base proof makes its holder always show. Raises ProofInvalid, ProofMalformed."""
        return parse_base(proof).mandatory

    def verify_proof(
        self, document: Mapping[str, Any], proof: Mapping[str, Any], *, key: RawKey, contexts: Contexts
    ) -> dict[str, Any]:
        """Return the revealed document (3.6.7). Raises ProofInvalid, SignatureInvalid, ProofMalformed."""
        refuse_chain(document, proof)
        public = signing_key(key)
        if public.alg != "ES256":
            raise AlgorithmNotAllowed("ecdsa-sd-2023 signs with a key on P-256")
        derived = parse_derived(proof)
        lines = signed_lines(document, derived.labels, contexts)
        mandatory, rest = split(lines, derived.mandatory)
        if len(rest) != len(derived.signatures):
            raise ProofInvalid("statements and their signatures are not equally many")
        data = _sign_data(proof_hash(document, proof, contexts), derived.public_key, mandatory)
        public.verify(derived.signature, data)
        try:
            proof_key = PublicKey("ES256", derived.public_key[2:])
        except KeyInvalid as exc:
            raise ProofMalformed("the key of the proof is no key") from exc
        for line, signature in zip(rest, derived.signatures, strict=True):
            proof_key.verify(signature, line.encode())
        return dict(document)


def hmac_labels(key: bytes) -> Relabel:
    """Return the relabelling by HMAC of the canonical labels (`createHmacIdLabelMapFunction`)."""

    def relabel(canonical_labels: Labels) -> dict[str, str]:
        return {
            label: "u" + b64url_encode(hmac.digest(key, name.encode(), "sha256"))
            for label, name in canonical_labels.items()
        }

    return relabel


def parse_base(proof: Mapping[str, Any]) -> BaseProof:
    """Read a base proof value (3.5.3). Raises ProofInvalid, ProofMalformed."""
    signature, public_key, hmac_key, signatures, pointers = read_components(proof, _BASE, 5)
    if not (_is_bytes(hmac_key, 32) and _are_signed(signature, public_key, signatures)):
        raise ProofMalformed("a part of the base proof has another form")
    try:
        mandatory = check_pointers(pointers)
    except ProofNotMade as exc:
        raise ProofMalformed("the pointers of the base proof are not JSON pointers") from exc
    return BaseProof(
        signature=signature, public_key=public_key, hmac_key=hmac_key, signatures=signatures, mandatory=mandatory
    )


def parse_derived(proof: Mapping[str, Any]) -> DerivedProof:
    """Read a derived proof value (3.5.8). Raises ProofInvalid, ProofMalformed."""
    signature, public_key, signatures, labels, mandatory = read_components(proof, _DERIVED, 5)
    well_formed = (
        _are_signed(signature, public_key, signatures)
        and isinstance(labels, dict)
        and all(type(name) is int and name >= 0 and _is_bytes(label, 32) for name, label in labels.items())
        and are_indexes(mandatory)
    )
    if not well_formed:
        raise ProofMalformed("a part of the derived proof has another form")
    return DerivedProof(
        signature=signature,
        public_key=public_key,
        signatures=signatures,
        labels={f"c14n{name}": "u" + b64url_encode(label) for name, label in labels.items()},
        mandatory=mandatory,
    )


def _derived_value(proof: DerivedProof) -> str:
    labels = {int(name[4:]): b64url_decode(label[1:]) for name, label in proof.labels.items()}
    parts = [proof.signature, proof.public_key, proof.signatures, dict(sorted(labels.items())), proof.mandatory]
    return multibase_encode(_DERIVED + cbor.encode(parts), base="u")


def _are_signed(signature: Any, public_key: Any, signatures: Any) -> bool:
    return (
        _is_bytes(signature, 64)
        and _is_bytes(public_key, 35)
        and public_key.startswith(_P256_PREFIX)
        and isinstance(signatures, list)
        and all(_is_bytes(item, 64) for item in signatures)
    )


def _is_bytes(value: Any, length: int) -> bool:
    return isinstance(value, bytes) and len(value) == length


def _sign_data(config_hash: bytes, public_key: bytes, mandatory: Sequence[str]) -> bytes:
    return config_hash + public_key + hash_lines(mandatory)
