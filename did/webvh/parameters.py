"""The parameters of a log entry: allowed values, what carries over, what becomes active when.

did:webvh 1.0, "did:webvh DID Method Parameters", "Pre-Rotation Key Hash …" and "The witness Parameter".
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from did.errors import InvalidLog, KeyInvalid
from did.keytypes import RawKey
from did.webvh.identifier import SCID_CHARS, key_hash

METHOD = "did:webvh:1.0"
DEFAULT_TTL = 3600
_MAX_ITEMS = 64


@dataclass(frozen=True, slots=True)
class WitnessRule:
    """How many of which witnesses must approve; `ids` are did:key DIDs."""

    threshold: int
    ids: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the rule as the `witness` parameter."""
        return {"threshold": self.threshold, "witnesses": [{"id": did} for did in self.ids]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The parameters that are set once an entry has been read; `witness` is None where none are used."""

    scid: str
    update_keys: tuple[str, ...]
    next_key_hashes: tuple[str, ...] = ()
    witness: WitnessRule | None = None
    watchers: tuple[str, ...] = ()
    portable: bool = False
    deactivated: bool = False
    ttl: int = DEFAULT_TTL


def first_parameters(value: Mapping[str, Any]) -> Parameters:
    """Return what the first entry's `parameters` set; raises InvalidLog."""
    if value.get("method") != METHOD:
        raise InvalidLog(f"parameter `method` of the first entry is not {METHOD}")
    scid = value.get("scid")
    if not isinstance(scid, str) or len(scid) != SCID_CHARS:
        raise InvalidLog("parameter `scid` of the first entry is missing or no SCID")
    if "updateKeys" not in value:
        raise InvalidLog("parameter `updateKeys` is missing in the first entry")
    return _apply(Parameters(scid=scid, update_keys=()), value)


def next_parameters(before: Parameters, value: Mapping[str, Any]) -> Parameters:
    """Return what holds after a later entry with `parameters` `value`, following `before`; raises InvalidLog."""
    if value.get("method", METHOD) != METHOD:
        raise InvalidLog(f"parameter `method` is not {METHOD}")
    if "scid" in value:
        raise InvalidLog("parameter `scid` stands in a later entry")
    if value.get("portable") is True:
        raise InvalidLog("parameter `portable` is set after the first entry")
    after = _apply(before, value)
    if before.next_key_hashes:
        if "updateKeys" not in value or "nextKeyHashes" not in value:
            raise InvalidLog("pre-rotation is active, and `updateKeys` and `nextKeyHashes` are not both given")
        if not set(before.next_key_hashes).issuperset(map(key_hash, after.update_keys)):
            raise InvalidLog("pre-rotation is active, and an update key was not committed to before")
    return after


def authorized_keys(before: Parameters | None, after: Parameters) -> tuple[str, ...]:
    """Return the keys one of which must sign the entry that leads from `before` to `after` ("Authorized Keys")."""
    return after.update_keys if before is None or before.next_key_hashes else before.update_keys


def witness_rule(before: Parameters | None, after: Parameters) -> WitnessRule | None:
    """Return the rule that the entry itself must satisfy: the one active before it, else its own ("Witness Lists")."""
    return (before.witness if before is not None else None) or after.witness


def _apply(before: Parameters, value: Mapping[str, Any]) -> Parameters:
    changes: dict[str, Any] = {}
    for name, item in value.items():
        if name in ("method", "scid"):
            continue
        if name not in _READERS:
            raise InvalidLog(f"parameter {name!r} does not exist in {METHOD}")
        field, default, read = _READERS[name]
        # Early logs wrote null for "not used": it stands for the default.
        changes[field] = default if item is None else read(name, item)
    return replace(before, **changes)


def _texts(name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_ITEMS or not all(isinstance(item, str) for item in value):
        raise InvalidLog(f"parameter `{name}` is not a list of at most {_MAX_ITEMS} texts")
    if len(set(value)) != len(value):
        raise InvalidLog(f"parameter `{name}` has an item twice")
    return tuple(value)


def _keys(name: str, value: Any) -> tuple[str, ...]:
    keys = _texts(name, value)
    for key in keys:
        try:
            RawKey.type_of(key)
        except KeyInvalid as exc:
            raise InvalidLog(f"parameter `{name}` holds something other than Multikeys: {exc.detail}") from exc
    return keys


def _urls(name: str, value: Any) -> tuple[str, ...]:
    urls = _texts(name, value)
    if not all(":" in url.lstrip(":") and url.isascii() and url.isprintable() and " " not in url for url in urls):
        raise InvalidLog(f"parameter `{name}` holds something other than URLs")
    return urls


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise InvalidLog(f"parameter `{name}` is neither true nor false")
    return value


def _ttl(name: str, value: Any) -> int:
    if type(value) is not int or not 0 <= value <= 2**31:
        raise InvalidLog(f"parameter `{name}` is not a whole number from 0 to 2^31")
    return value


def _witness(name: str, value: Any) -> WitnessRule | None:
    if value == {}:
        return None
    if not isinstance(value, dict) or value.keys() != {"threshold", "witnesses"}:
        raise InvalidLog(f"parameter `{name}` has other members than `threshold` and `witnesses`")
    threshold, witnesses = value["threshold"], value["witnesses"]
    if not isinstance(witnesses, list) or len(witnesses) > _MAX_ITEMS:
        raise InvalidLog(f"parameter `{name}` does not list its witnesses")
    ids = [item["id"] for item in witnesses if isinstance(item, dict) and item.keys() == {"id"}]
    if len(ids) != len(witnesses):
        raise InvalidLog(f"parameter `{name}` has a witness with other members than `id`")
    for did in ids:
        if not _is_ed25519_did_key(did):
            raise InvalidLog(f"parameter `{name}` has a witness that is not the did:key of an Ed25519 key")
    if len(set(ids)) != len(ids):
        raise InvalidLog(f"parameter `{name}` has a witness twice")
    if type(threshold) is not int or not 1 <= threshold <= len(ids):
        raise InvalidLog(f"parameter `{name}` has a threshold that is not between 1 and the number of witnesses")
    return WitnessRule(threshold, tuple(ids))


def _is_ed25519_did_key(did: Any) -> bool:
    """Tell by code and length: whether it is a point on the curve shows when a proof of it is verified."""
    prefix, _, multikey = did.rpartition(":") if isinstance(did, str) else ("", "", "")
    try:
        return prefix == "did:key" and RawKey.type_of(multikey) == "Ed25519"
    except KeyInvalid:
        return False


_READERS: Mapping[str, tuple[str, Any, Callable[[str, Any], Any]]] = {
    "updateKeys": ("update_keys", (), _keys),
    "nextKeyHashes": ("next_key_hashes", (), _texts),
    "witness": ("witness", None, _witness),
    "watchers": ("watchers", (), _urls),
    "portable": ("portable", False, _flag),
    "deactivated": ("deactivated", False, _flag),
    "ttl": ("ttl", DEFAULT_TTL, _ttl),
}
