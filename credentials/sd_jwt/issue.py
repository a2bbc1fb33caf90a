"""Issuing an SD-JWT: which claims become disclosures, and their digests. RFC 9901 sections 4.2 and 5."""

import secrets
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from typing import Any

import orjson

from credentials.claims import ClaimPath
from credentials.errors import MalformedCredential
from credentials.jose import WIRE_JSON, sign_jws, to_wire
from credentials.sd_jwt.model import DEFAULT_HASH, HASHES, RESERVED_NAMES
from did.encoding import b64url_encode
from did.signing import Signer

_SALT_BYTES, _SALT_CHARS = 18, 24  # whole base64 groups; RFC 9901 section 9.3 asks for 128 bits


class _Rule:
    """What becomes of one element: `hidden` makes it a disclosure, `members` are the rules below it."""

    __slots__ = ("hidden", "members")

    def __init__(self) -> None:
        self.hidden = False
        self.members: dict[str | int | None, _Rule] = {}


def issue(
    claims: Mapping[str, Any],
    *,
    disclosable: Collection[ClaimPath],
    signer: Signer,
    typ: str,
    header: Mapping[str, Any] | None = None,
    decoys: int = 0,
    array_decoys: int = 0,
    hash_alg: str = DEFAULT_HASH,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> str:
    """Return the SD-JWT over `claims` with every disclosure, ending in `~`.

    `disclosable` names what becomes selectively disclosable; a path and a longer one below it give
    a recursive disclosure; a path that selects nothing is no error. `decoys` digests of random data
    join every `_sd` array, `array_decoys` the end of every array with hidden items.

    Raises MalformedCredential for a reserved claim name or a value that JSON cannot carry.
    RFC 9901 section 4.
    """
    if hash_alg not in HASHES:
        raise MalformedCredential(f"the hash is not one of {', '.join(HASHES)}")
    to_wire(claims)  # refuses what JSON cannot carry, once for all disclosures
    _check_names(claims)
    laying = _Laying(HASHES[hash_alg], random_bytes, decoys, array_decoys)
    payload = laying.members(claims, _rules(tuple(disclosable)))
    if laying.disclosures:
        payload["_sd_alg"] = hash_alg
    token = sign_jws(payload, typ=typ, signer=signer, header=header)
    return "~".join([token, *laying.disclosures, ""])


class _Laying:
    """One issuance under way: collects disclosures while it lays out the payload."""

    __slots__ = ("_salts", "array_decoys", "decoys", "disclosures", "hash", "random_bytes")

    def __init__(
        self,
        hash_function: Callable[[bytes], Any],
        random_bytes: Callable[[int], bytes],
        decoys: int,
        array_decoys: int,
    ) -> None:
        self.hash = hash_function
        self.random_bytes = random_bytes
        self.decoys = decoys
        self.array_decoys = array_decoys
        self.disclosures: list[str] = []
        self._salts: list[str] = []

    def members(self, value: Mapping[str, Any], rule: _Rule) -> dict[str, Any]:
        """Return an object with the members that stay in clear, and `_sd` for those that do not."""
        clear: dict[str, Any] = {}
        digests: list[str] = []
        rules = rule.members
        for name, member in value.items():
            below = rules.get(name)
            if below is None:
                clear[name] = member
                continue
            if type(name) is not str:
                raise MalformedCredential("a claim's name is not text")
            laid = self._element(member, below) if below.members else member
            if below.hidden:
                digests.append(self._disclose([self._salts.pop() if self._salts else self._salt(), name, laid]))
            else:
                clear[name] = laid
        if digests:
            digests.extend(self._decoy() for _ in range(self.decoys))
            # digests are random, so sorted order says nothing about the order of the claims
            digests.sort()
            clear["_sd"] = digests
        return clear

    def _items(self, value: list[Any], rule: _Rule) -> list[Any]:
        laid_items: list[Any] = []
        hidden = False
        every = rule.members.get(None)
        for at, item in enumerate(value):
            below = _both(rule.members.get(at), every)
            if below is None:
                laid_items.append(item)
                continue
            laid = self._element(item, below)
            hidden = hidden or below.hidden
            laid_items.append(
                {"...": self._disclose([self._salts.pop() if self._salts else self._salt(), laid])}
                if below.hidden
                else laid
            )
        if hidden:
            # at the end, so that issued positions stay those of the items
            laid_items.extend({"...": self._decoy()} for _ in range(self.array_decoys))
        return laid_items

    def _element(self, value: Any, rule: _Rule) -> Any:
        if rule.members:
            if isinstance(value, dict):
                return self.members(value, rule)
            if isinstance(value, list):
                return self._items(value, rule)
        return value

    def _salt(self) -> str:
        """Return a fresh salt of 144 bits; drawn by the dozen, since each call to the system costs more than a hash."""
        text = b64url_encode(self.random_bytes(12 * _SALT_BYTES))
        self._salts = [text[at : at + _SALT_CHARS] for at in range(0, len(text), _SALT_CHARS)]
        return self._salts.pop()

    def _disclose(self, parts: list[Any]) -> str:
        """Add the disclosure of these parts and return its digest."""
        text = b64url_encode(orjson.dumps(parts, option=WIRE_JSON))
        self.disclosures.append(text)
        return b64url_encode(self.hash(text.encode("ascii")).digest())

    def _decoy(self) -> str:
        return b64url_encode(self.hash(self.random_bytes(32)).digest())


@lru_cache(maxsize=256)
def _rules(paths: tuple[ClaimPath, ...]) -> _Rule:
    """Return the rules as a tree; types have few rule sets, so the trees are kept."""
    root = _Rule()
    for path in paths:
        at = root
        for part in path:
            at = at.members.setdefault(part, _Rule())
        at.hidden = True
    if root.hidden:
        raise MalformedCredential("a disclosable path is empty")
    return root


def _both(one: _Rule | None, other: _Rule | None) -> _Rule | None:
    """Return the rule for an item that a position and a wildcard both name."""
    if one is None or other is None:
        return one or other
    merged = _Rule()
    merged.hidden = one.hidden or other.hidden
    for name in one.members.keys() | other.members.keys():
        below = _both(one.members.get(name), other.members.get(name))
        if below is not None:
            merged.members[name] = below
    return merged


def _check_names(value: Any) -> None:
    """Refuse claim names that the digests use themselves (RFC 9901 section 4.1)."""
    if isinstance(value, Mapping):
        if not RESERVED_NAMES.isdisjoint(value):
            raise MalformedCredential("a claim is named _sd, _sd_alg or ..., which RFC 9901 reserves")
        value = value.values()
    for item in value:
        if type(item) is dict or type(item) is list:
            _check_names(item)
