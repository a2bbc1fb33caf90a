"""One log entry, checked against the version before it (did:webvh 1.0, "Read (Resolve)", steps 1 to 8)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from did.errors import IdError, InvalidDid, InvalidLog
from did.jcs_proof import document_hash, verify_proof
from did.times import parse_time
from did.webvh.identifier import WebvhDid, entry_hash, parse_webvh, proof_key, scid_of
from did.webvh.parameters import (
    Parameters,
    WitnessRule,
    authorized_keys,
    first_parameters,
    next_parameters,
    witness_rule,
)

MEMBERS = frozenset({"versionId", "versionTime", "parameters", "state", "proof"})
FUTURE_TOLERANCE = timedelta(minutes=5)
_MAX_PROOFS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A verified version of a DID: its number, what its entry says, and what holds after it."""

    number: int
    version_id: str
    time: datetime
    did: WebvhDid
    state: Mapping[str, Any]
    parameters: Parameters
    witness: WitnessRule | None
    entry: Mapping[str, Any]


def check_entry(
    entry: Mapping[str, Any],
    *,
    before: Version | None,
    scid: str,
    now: datetime,
    allow_http_loopback: bool = False,
) -> Version:
    """Return the version that `entry` makes after `before` (None for the first entry).

    Raises InvalidLog unless shape, parameters, time, hash chain, SCID, identifier and proofs all hold.
    Witness proofs are for `did.webvh.witness`.
    """
    if not isinstance(entry, Mapping) or entry.keys() != MEMBERS:
        raise InvalidLog("log entry has other members than versionId, versionTime, parameters, state, proof")
    if not isinstance(entry["parameters"], dict) or not isinstance(entry["state"], dict):
        raise InvalidLog("`parameters` or `state` of the log entry is not an object")
    if before is not None and before.parameters.deactivated:
        raise InvalidLog("log goes on after the DID was deactivated")
    # 1. Parameters, and with them the pre-rotation commitment.
    after = next_parameters(before.parameters, entry["parameters"]) if before else first_parameters(entry["parameters"])
    # 2. Number and time.
    number = before.number + 1 if before else 1
    time = _check_time(entry["versionTime"], before, now)
    # 3. The chain: the hash over this entry and the version before it.
    version_id = f"{number}-{entry_hash(entry, predecessor=before.version_id if before else after.scid)}"
    if entry["versionId"] != version_id:
        raise InvalidLog("`versionId` is not the next number and the hash of the entry")
    # 4. The SCID: the hash of the first entry, and the same in every identifier.
    if after.scid != scid or (before is None and scid_of(entry, scid=scid) != scid):
        raise InvalidLog("SCID is not the hash of the first entry, or not that of the DID")
    did = _check_id(entry["state"], before, after, scid, allow_http_loopback)
    # 5. The proofs, by an authorized key.
    _check_proofs(entry, authorized_keys(before.parameters if before else None, after), now)
    return Version(
        number=number,
        version_id=version_id,
        time=time,
        did=did,
        state=entry["state"],
        parameters=after,
        witness=witness_rule(before.parameters if before else None, after),
        entry=entry,
    )


def _check_time(text: Any, before: Version | None, now: datetime) -> datetime:
    try:
        time = parse_time(text)
    except ValueError as exc:
        raise InvalidLog("`versionTime` is not a UTC date and time") from exc
    if not text.endswith(("Z", "+00:00")):
        raise InvalidLog("`versionTime` is not in UTC")
    if time > now + FUTURE_TOLERANCE:
        raise InvalidLog("`versionTime` lies in the future")
    if before is not None and time <= before.time:
        raise InvalidLog("`versionTime` is not later than that of the entry before")
    return time


def _check_id(
    state: Mapping[str, Any], before: Version | None, after: Parameters, scid: str, allow_http_loopback: bool
) -> WebvhDid:
    text = state.get("id")
    try:
        did = parse_webvh(text if isinstance(text, str) else "", allow_http_loopback=allow_http_loopback)
    except InvalidDid as exc:
        raise InvalidLog(f"`id` of the document is not a did:webvh: {exc.detail}") from exc
    if did.scid != scid:
        raise InvalidLog("`id` of the document has another SCID")
    if before is not None and did.did != before.did.did:
        # Moved: only a portable DID may, and it must say where it came from ("DID Portability").
        if not before.parameters.portable or not after.portable:
            raise InvalidLog("`id` of the document changed, and the DID is not portable")
        names = state.get("alsoKnownAs")
        if not isinstance(names, list) or before.did.did not in names:
            raise InvalidLog("DID moved without naming its old form under `alsoKnownAs`")
    return did


def _check_proofs(entry: Mapping[str, Any], authorized: tuple[str, ...], now: datetime) -> None:
    proofs = entry["proof"]
    if not isinstance(proofs, list) or not 1 <= len(proofs) <= _MAX_PROOFS:
        raise InvalidLog(f"log entry does not have 1 to {_MAX_PROOFS} proofs in a list")
    digest = document_hash(entry)
    signed: set[str] = set()
    for proof in proofs:
        if not isinstance(proof, dict):
            raise InvalidLog("proof of the log entry is not an object")
        try:
            multikey, key = proof_key(proof.get("verificationMethod"))
            if multikey not in authorized or multikey in signed:
                raise InvalidLog("log entry is signed by a key that is not authorized, or twice by one key")
            signed.add(multikey)
            verify_proof(entry, proof, key=key, purpose="assertionMethod", now=now, digest=digest)
        except InvalidLog:
            raise
        except IdError as exc:
            raise InvalidLog(f"proof of the log entry: {exc.detail}") from exc
