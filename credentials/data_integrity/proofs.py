"""Add and verify proofs: single, in sets, in chains (VC Data Integrity 1.0 sections 4.2 to 4.6).

Every proof in a document must hold: what one reader skips, another may rely on (T28). Whether the
controller of a proof is the issuer, and what the document says, is for the caller (`credentials.vcdm`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args

from credentials.data_integrity.base import AnySigner, Cryptosuite, ProofOptions, SelectiveSuite
from credentials.data_integrity.errors import (
    ChallengeMismatch,
    DomainMismatch,
    ProofInvalid,
    ProofMalformed,
    ProofNotMade,
)
from credentials.data_integrity.keys import Keys
from credentials.jsonld import Contexts, default_contexts
from did.document import Relationship
from did.encoding import json_object
from did.errors import AlgorithmNotAllowed
from did.times import parse_time

MAX_PROOFS: Final = 16
SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a proof must be for. `suites` empty means any known one."""

    purpose: Relationship = "assertionMethod"
    challenge: str | None = None
    domain: str | None = None
    suites: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedProof:
    """A proof that holds. `controller` is the DID whose key made it."""

    proof: Mapping[str, Any]
    cryptosuite: str
    verification_method: str
    controller: str
    created: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedDocument:
    """A document all of whose proofs hold. `document` is what they cover, without `proof`."""

    document: dict[str, Any]
    proofs: tuple[VerifiedProof, ...]


def add_proof(
    document: Mapping[str, Any],
    options: ProofOptions,
    *,
    suite: Cryptosuite,
    signer: AnySigner,
    contexts: Contexts | None = None,
) -> dict[str, Any]:
    """Return `document` with one more proof; `options.previous` name proofs that it already has.

    Raises ProofNotMade, AlgorithmNotAllowed, ContextRefused, DataLoss. Sections 4.2 and 4.3.
    """
    present = _proofs(document) if "proof" in document else []
    unsecured = _without_proof(document)
    proof = suite.create_proof(
        _with_previous(unsecured, options.previous, present, ProofNotMade),
        options.to_json(suite.name),
        signer=signer,
        contexts=contexts or default_contexts(),
    )
    return {**unsecured, "proof": [*present, proof] if present else proof}


def verify(
    secured: Mapping[str, Any] | bytes | str,
    *,
    keys: Keys,
    now: datetime,
    suites: Mapping[str, Cryptosuite],
    expected: Expected = Expected(),
    contexts: Contexts | None = None,
) -> VerifiedDocument:
    """Return the document if every one of its proofs holds and is for what was expected.

    Text is read strictly. Raises ProofInvalid, ProofMalformed, ChallengeMismatch, DomainMismatch,
    AlgorithmNotAllowed, SignatureInvalid, what `keys` raises, ContextRefused, DataLoss. Sections 4.4 and 4.5.
    """
    document = json_object(secured) if isinstance(secured, bytes | str) else secured
    contexts = contexts or default_contexts()
    proofs, unsecured = _proofs(document), _without_proof(document)
    covered: dict[str, Any] | None = None
    held = []
    for proof in proofs:
        suite = _suite(proof, expected, suites)
        created = _check_options(proof, expected, now)
        method = proof.get("verificationMethod")
        if not isinstance(method, str) or not method:
            raise ProofInvalid("the proof names no verification method")
        previous = _previous(proof)
        chained = _with_previous(unsecured, previous, proofs, ProofInvalid)
        signed = suite.verify_proof(chained, proof, key=keys(method, expected.purpose), contexts=contexts)
        signed.pop("proof", None)
        if covered is not None and signed != covered:
            raise ProofInvalid("the proofs cover documents that differ")
        covered = signed
        controller = method.partition("#")[0]
        held.append(
            VerifiedProof(
                proof=proof, cryptosuite=suite.name, verification_method=method, controller=controller, created=created
            )
        )
    assert covered is not None  # there is at least one proof
    return VerifiedDocument(document=covered, proofs=tuple(held))


def derive(
    secured: Mapping[str, Any] | bytes | str,
    pointers: Sequence[str],
    *,
    suites: Mapping[str, Cryptosuite],
    contexts: Contexts | None = None,
) -> dict[str, Any]:
    """Return what the holder shows of a document with a base proof: its mandatory part and what `pointers` select.

    The base proof is not verified here; whoever received it did. Raises ProofNotMade, ProofMalformed.
    """
    document = json_object(secured) if isinstance(secured, bytes | str) else secured
    proofs = _proofs(document)
    suite = suites.get(str(proofs[0].get("cryptosuite")))
    if len(proofs) != 1 or not isinstance(suite, SelectiveSuite):
        raise ProofNotMade("the document has not one proof that can be derived from")
    shown, proof = suite.derive_proof(
        _without_proof(document), proofs[0], pointers=pointers, contexts=contexts or default_contexts()
    )
    return {**shown, "proof": proof}


def _proofs(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    value: Any = document.get("proof")
    proofs: list[Any] = value if isinstance(value, list) else [value]
    if value is None or not proofs:
        raise ProofInvalid("the document has no proof")
    if len(proofs) > MAX_PROOFS or not all(isinstance(proof, Mapping) for proof in proofs):
        raise ProofMalformed(f"the proof is not an object or a list of at most {MAX_PROOFS}")
    ids = [proof["id"] for proof in proofs if "id" in proof]
    if not all(isinstance(proof_id, str) for proof_id in ids) or len(set(ids)) != len(ids):
        raise ProofMalformed("two proofs have one id, or one that is not text")
    return proofs


def _without_proof(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name != "proof"}


def _suite(proof: Mapping[str, Any], expected: Expected, suites: Mapping[str, Cryptosuite]) -> Cryptosuite:
    if proof.get("type") != "DataIntegrityProof":
        raise ProofInvalid("the proof is not a DataIntegrityProof")
    name = proof.get("cryptosuite")
    if not isinstance(name, str) or name not in suites or (expected.suites and name not in expected.suites):
        raise AlgorithmNotAllowed("the cryptosuite of the proof is not one that is accepted here")
    return suites[name]


def _previous(proof: Mapping[str, Any]) -> tuple[str, ...]:
    value = proof.get("previousProof", [])
    ids = [value] if isinstance(value, str) else value
    if (
        not isinstance(ids, list)
        or not all(isinstance(proof_id, str) for proof_id in ids)
        or (not ids and "previousProof" in proof)
    ):
        raise ProofMalformed("previousProof is neither an id nor a list of ids")
    return tuple(ids)


def _with_previous(
    unsecured: dict[str, Any],
    previous: Collection[str],
    proofs: list[Mapping[str, Any]],
    error: type[ProofInvalid] | type[ProofNotMade],
) -> dict[str, Any]:
    """Return the document together with the proofs that this one builds on, whose signatures it covers."""
    if not previous:
        return unsecured
    matching = [proof for proof in proofs if proof.get("id") in previous]
    if len(matching) != len(set(previous)):
        raise error("a proof that this one builds on is missing")
    return {**unsecured, "proof": matching}


def _check_options(proof: Mapping[str, Any], expected: Expected, now: datetime) -> datetime | None:
    """Check purpose, times, challenge and domain; return `created`."""
    if proof.get("proofPurpose") != expected.purpose or expected.purpose not in get_args(Relationship):
        raise ProofInvalid(f"the proof was not made for {expected.purpose}")
    created, expires = _time(proof, "created"), _time(proof, "expires")
    if expires is not None and expires <= now:
        raise ProofInvalid("the proof has expired")
    if created is not None and created > now + SKEW:
        raise ProofInvalid("the proof was made in the future")
    for name in ("challenge", "nonce"):
        if not isinstance(proof.get(name, ""), str):
            raise ProofMalformed(f"the {name} of the proof is not text")
    domain = proof.get("domain", [])
    domains = [domain] if isinstance(domain, str) else domain
    if not isinstance(domains, list) or not all(isinstance(item, str) for item in domains):
        raise ProofMalformed("the domain of the proof is not text")
    if expected.domain is not None and set(domains) != {expected.domain}:
        raise DomainMismatch("the proof was made for another domain")
    if expected.challenge is not None and proof.get("challenge") != expected.challenge:
        raise ChallengeMismatch("the proof answers another challenge")
    return created


def _time(proof: Mapping[str, Any], name: str) -> datetime | None:
    if name not in proof:
        return None
    try:
        return parse_time(proof[name])
    except ValueError as exc:
        raise ProofMalformed(f"`{name}` of the proof is not a date and time with zone") from exc
