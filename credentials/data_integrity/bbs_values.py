"""Base and derived proof values of `bbs-2023`, read and written (W3C BBS Cryptosuites 1.0 sections 3.3.1 to 3.3.7).

The third byte of a value says which of the four features it has and whether it is a base or a derived
one. Nothing is tagged inside: the entropy of a pseudonym is 32 bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from credentials import cbor
from credentials.data_integrity.disclosure import are_indexes, read_components, value_header
from credentials.data_integrity.errors import ProofInvalid, ProofMalformed, ProofNotMade
from credentials.data_integrity.selection import check_pointers
from did.encoding import multibase_encode

Feature = Literal["baseline", "anonymous_holder_binding", "pseudonym", "holder_binding_pseudonym"]
FEATURES: Final[tuple[Feature, ...]] = (
    "baseline",
    "anonymous_holder_binding",
    "pseudonym",
    "holder_binding_pseudonym",
)
NYM_FEATURES: Final[frozenset[Feature]] = frozenset({"pseudonym", "holder_binding_pseudonym"})
_PREFIX: Final = b"\xd9\x5d"
MAX_DOMAIN: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseProof:
    """What a base proof value holds. `entropy` is the issuer's part in the secret of a pseudonym."""

    feature: Feature = "baseline"
    signature: bytes
    header: bytes
    public_key: bytes
    hmac_key: bytes
    mandatory: list[str]
    entropy: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedProof:
    """What a derived proof value holds. `labels` maps canonical labels to signed ones.

    `count` is how many messages the issuer signed in clear, where others were committed.
    """

    feature: Feature = "baseline"
    proof: bytes
    labels: dict[str, str]
    mandatory: list[int]
    selective: list[int]
    presentation_header: bytes
    nym_domain: str | None = None
    pseudonym: bytes | None = None
    count: int | None = None


def write_base(proof: BaseProof) -> str:
    """Return a base proof value."""
    parts: list[Any] = [proof.signature, proof.header, proof.public_key, proof.hmac_key, proof.mandatory]
    if proof.entropy is not None:
        parts.append(proof.entropy)
    return multibase_encode(_header(proof.feature, 2) + cbor.encode(parts), base="u")


def write_derived(proof: DerivedProof) -> str:
    """Return a derived proof value."""
    labels = dict(sorted((int(name[4:]), int(rank[1:])) for name, rank in proof.labels.items()))
    parts: list[Any] = [proof.proof, labels, proof.mandatory, proof.selective, proof.presentation_header]
    if proof.feature in NYM_FEATURES:
        parts += [proof.nym_domain, proof.pseudonym]
    if proof.feature != "baseline":
        parts.append(proof.count)
    return multibase_encode(_header(proof.feature, 3) + cbor.encode(parts), base="u")


def parse_base(proof: Mapping[str, Any]) -> BaseProof:
    """Read a base proof value. Raises ProofInvalid, ProofMalformed."""
    feature = _feature(proof, 2)
    with_nym = feature in NYM_FEATURES
    signature, header, public_key, hmac_key, pointers, *rest = read_components(
        proof, _header(feature, 2), 6 if with_nym else 5
    )
    try:
        mandatory = check_pointers(pointers)
    except ProofNotMade as exc:
        raise ProofMalformed("the pointers of the base proof are not JSON pointers") from exc
    return BaseProof(
        feature=feature,
        signature=_octets(signature, 80),
        header=_octets(header, 64),
        public_key=_octets(public_key, 96),
        hmac_key=_octets(hmac_key, 32),
        mandatory=mandatory,
        entropy=_octets(rest[0], 32) if with_nym else None,
    )


def parse_derived(proof: Mapping[str, Any]) -> DerivedProof:
    """Read a derived proof value. Raises ProofInvalid, ProofMalformed."""
    feature = _feature(proof, 3)
    with_nym = feature in NYM_FEATURES
    size = 8 if with_nym else 5 if feature == "baseline" else 6
    proven, labels, mandatory, selective, presentation_header, *rest = read_components(proof, _header(feature, 3), size)
    if not isinstance(labels, dict) or not all(are_indexes([name, rank]) for name, rank in labels.items()):
        raise ProofMalformed("the labels of the proof are not numbers")
    if not are_indexes(mandatory) or not are_indexes(selective) or not are_indexes(rest[-1:] if rest else []):
        raise ProofMalformed("the indexes of the proof are not numbers")
    if with_nym and not (isinstance(rest[0], str) and len(rest[0]) <= MAX_DOMAIN):
        raise ProofMalformed("the domain of the pseudonym is not text")
    return DerivedProof(
        feature=feature,
        proof=_octets(proven),
        labels={f"c14n{name}": f"b{rank}" for name, rank in labels.items()},
        mandatory=mandatory,
        selective=selective,
        presentation_header=_octets(presentation_header),
        nym_domain=rest[0] if with_nym else None,
        pseudonym=_octets(rest[1], 48) if with_nym else None,
        count=rest[-1] if rest else None,
    )


def _header(feature: Feature, first: int) -> bytes:
    return _PREFIX + bytes((first + 2 * FEATURES.index(feature),))


def _feature(proof: Mapping[str, Any], first: int) -> Feature:
    header = value_header(proof)
    for feature in FEATURES:
        if header == _header(feature, first):
            return feature
    raise ProofInvalid("the proof is not of the kind that is due here")


def _octets(value: Any, length: int | None = None) -> bytes:
    if not isinstance(value, bytes) or (length is not None and len(value) != length):
        raise ProofMalformed("a part of the proof has another form")
    return value
