"""Writing a log: create, update, rotate keys, move, deactivate, and approve as a witness.

did:webvh 1.0, "Create (Register)", "Update (Rotate)", "Deactivate (Revoke)", "DID Portability",
"Witnessing a DID Version Update". Every entry is verified as a resolver would before it is handed
out. Storing keys and publishing files (witness file first, then the log) is the caller's.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from did.encoding import jcs
from did.errors import InvalidLog, InvalidOptions
from did.jcs_proof import create_proof
from did.location import domain_component
from did.signing import Signer
from did.times import format_time
from did.webvh.entry import Version, check_entry
from did.webvh.history import History, check_log, parse_log
from did.webvh.identifier import PLACEHOLDER, WebvhDid, entry_hash, multihash58, parse_webvh, replaced
from did.webvh.parameters import METHOD
from did.webvh.witness import witness_proof


@dataclass(frozen=True, slots=True, kw_only=True)
class DidLog:
    """A log under its controller's hand: verified versions, witnesses aside."""

    versions: tuple[Version, ...]
    allow_http_loopback: bool = False

    @property
    def did(self) -> WebvhDid:
        """The DID as the last version has it."""
        return self.versions[-1].did

    @property
    def last(self) -> Version:
        """The last version."""
        return self.versions[-1]

    def to_jsonl(self) -> bytes:
        """Return the bytes of `did.jsonl`."""
        return b"".join(
            json.dumps(version.entry, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
            for version in self.versions
        )


def read_log(data: bytes, *, did: str, now: datetime, allow_http_loopback: bool = False) -> DidLog:
    """Return the log in `data` to write on; raises InvalidLog unless it is valid to its end."""
    parsed = parse_webvh(did, allow_http_loopback=allow_http_loopback)
    history = check_log(parse_log(data), did=parsed, now=now, allow_http_loopback=allow_http_loopback)
    return _log(history, allow_http_loopback)


def create(
    base_url: str,
    *path: str,
    document: Mapping[str, Any],
    parameters: Mapping[str, Any],
    signer: Signer,
    now: datetime,
    allow_http_loopback: bool = False,
) -> DidLog:
    """Return the log of a new DID to be published under `base_url` and further segments `path`.

    `document` has no `id`, or `did:webvh:{SCID}:…`; `placeholder_did` gives the DID to write into it.
    `parameters` need `updateKeys` with the Multikey of `signer`; `method` and `scid` are added.
    Raises InvalidDid for the place, InvalidLog for what a resolver would refuse.
    """
    did = placeholder_did(base_url, *path)
    entry: dict[str, Any] = {
        "versionId": PLACEHOLDER,
        "versionTime": format_time(now),
        "parameters": {"method": METHOD, "scid": PLACEHOLDER, **parameters},
        "state": {**document, "id": did},
    }
    scid = multihash58(jcs(entry))
    version = _sign(replaced(entry, PLACEHOLDER, scid), None, scid, signer, now, allow_http_loopback)
    return DidLog(versions=(version,), allow_http_loopback=allow_http_loopback)


def placeholder_did(base_url: str, *path: str) -> str:
    """Return the DID that `create` will make there, with `{SCID}` where its SCID will stand."""
    domain, segments = domain_component("/".join((base_url.rstrip("/"), *path)))
    return ":".join(("did:webvh", PLACEHOLDER, domain, *segments))


def update(
    log: DidLog,
    *,
    signer: Signer,
    now: datetime,
    document: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> DidLog:
    """Return `log` with one more entry: a new `document`, changed `parameters`, or both.

    Rotation is `parameters={"updateKeys": […]}`; with pre-rotation active both `updateKeys` and
    `nextKeyHashes` are due and `signer` holds one of the new keys. Raises InvalidLog.
    """
    last = log.last
    entry = {
        "versionId": last.version_id,
        "versionTime": format_time(now),
        "parameters": dict(parameters or {}),
        "state": dict(last.state if document is None else document),
    }
    version = _sign(entry, last, last.did.scid, signer, now, log.allow_http_loopback)
    return DidLog(versions=(*log.versions, version), allow_http_loopback=log.allow_http_loopback)


def move(
    log: DidLog, base_url: str, *path: str, signer: Signer, now: datetime, parameters: Mapping[str, Any] | None = None
) -> DidLog:
    """Return `log` with an entry that moves a portable DID to `base_url`; the old form becomes an `alsoKnownAs`."""
    old, domain = log.did, domain_component("/".join((base_url.rstrip("/"), *path)))
    new = ":".join(("did:webvh", old.scid, domain[0], *domain[1]))
    document = replaced(dict(log.last.state), old.did, new)
    names = [name for name in log.last.state.get("alsoKnownAs", []) if name != new]
    document["alsoKnownAs"] = list(dict.fromkeys([*names, old.did]))
    return update(log, signer=signer, now=now, document=document, parameters=parameters)


def deactivate(log: DidLog, *, signer: Signer, now: datetime) -> DidLog:
    """Return `log` with the entry that ends it: `deactivated`, and no key may update any more.

    Where pre-rotation is active an entry that stops it comes first, a second earlier; `signer` then
    holds a key that was committed to. Raises InvalidLog, also if the last entry is not a second old.
    """
    if log.last.parameters.next_key_hashes:
        keys: dict[str, Sequence[str]] = {"updateKeys": [signer.public_key.to_multikey()], "nextKeyHashes": []}
        log = update(log, signer=signer, now=now - timedelta(seconds=1), parameters=keys)
    return update(log, signer=signer, now=now, parameters={"updateKeys": [], "deactivated": True})


def approve(log: DidLog, *, published: bytes, signer: Signer, now: datetime) -> dict[str, Any]:
    """Return a witness's proof for the last version of `log`, which must extend the `published` log.

    `published` is the witness's own copy, empty for a new DID. Raises InvalidLog if the entry is not the
    next one, or InvalidOptions if `signer` is not a witness of it.
    """
    known = parse_log(published) if published else []
    entries = [version.entry for version in log.versions]
    if len(entries) != len(known) + 1 or [jcs(entry) for entry in entries[:-1]] != [jcs(entry) for entry in known]:
        raise InvalidLog("log is not the published one with one more entry")
    history = check_log(entries, did=log.did, now=now, allow_http_loopback=log.allow_http_loopback)
    if history.error is not None:
        raise history.error
    rule = log.last.witness
    if rule is None or f"did:key:{signer.public_key.to_multikey()}" not in rule.ids:
        raise InvalidOptions("signer is not a witness of this version")
    return witness_proof(log.last.version_id, signer=signer, now=now)


def _sign(
    entry: dict[str, Any], before: Version | None, scid: str, signer: Signer, now: datetime, allow_http_loopback: bool
) -> Version:
    """Complete `entry` with its version id and proof, and verify it as anyone would."""
    number, predecessor = (before.number + 1, before.version_id) if before else (1, scid)
    entry = {**entry, "versionId": f"{number}-{entry_hash(entry, predecessor=predecessor)}"}
    multikey = signer.public_key.to_multikey()
    options = {
        "verificationMethod": f"did:key:{multikey}#{multikey}",
        "created": entry["versionTime"],
        "proofPurpose": "assertionMethod",
    }
    entry["proof"] = [create_proof(entry, options, signer=signer)]
    return check_entry(entry, before=before, scid=scid, now=now, allow_http_loopback=allow_http_loopback)


def _log(history: History, allow_http_loopback: bool) -> DidLog:
    if history.error is not None:
        raise history.error
    return DidLog(versions=history.versions, allow_http_loopback=allow_http_loopback)
