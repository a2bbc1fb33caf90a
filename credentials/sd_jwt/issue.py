"""Issuing an SD-JWT: which claims become disclosures, and their digests. RFC 9901 sections 4.2 and 5."""

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from credentials.claims import ClaimPath
from credentials.errors import MalformedCredential
from credentials.jose import sign_jws, to_wire
from credentials.sd_jwt.model import DEFAULT_HASH, HASHES, RESERVED_NAMES
from did.encoding import b64url_encode
from did.signing import Signer

_SALT_BYTES = 16


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
    _check_names(claims)
    laying = _Laying(HASHES[hash_alg], random_bytes, decoys, array_decoys)
    payload = laying.members(claims, _rules(tuple(disclosable)))
    if laying.digests:
        payload["_sd_alg"] = hash_alg
    token = sign_jws(payload, typ=typ, signer=signer, header=header)
    return "~".join([token, *laying.disclosures, ""])


class _Laying:
    """One issuance under way: collects disclosures while it lays out the payload."""

    __slots__ = ("array_decoys", "decoys", "digests", "disclosures", "hash", "random_bytes")

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
        self.digests = 0

    def members(self, value: Mapping[str, Any], rule: _Rule) -> dict[str, Any]:
        """Return an object with the members that stay in clear, and `_sd` for those that do not."""
        clear: dict[str, Any] = {}
        digests: list[str] = []
        for name, member in value.items():
            below = rule.members.get(name)
            if below is None:
                clear[name] = member
                continue
            laid = self._element(member, below)
            if below.hidden:
                digests.append(self._disclose([self._salt(), name, laid]))
            else:
                clear[name] = laid
        if digests:
            digests.extend(self._decoy() for _ in range(self.decoys))
            # digests are random, so sorted order says nothing about the order of the claims
            clear["_sd"] = sorted(digests)
        return clear

    def _items(self, value: list[Any], rule: _Rule) -> list[Any]:
        laid_items: list[Any] = []
        hidden = False
        for at, item in enumerate(value):
            below = rule.members.get(at) or rule.members.get(None)
            if below is None:
                laid_items.append(item)
                continue
            laid = self._element(item, below)
            hidden = hidden or below.hidden
            laid_items.append({"...": self._disclose([self._salt(), laid])} if below.hidden else laid)
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
        return b64url_encode(self.random_bytes(_SALT_BYTES))

    def _disclose(self, parts: list[Any]) -> str:
        text = b64url_encode(to_wire(parts))
        self.disclosures.append(text)
        return self._digest(text.encode("ascii"))

    def _decoy(self) -> str:
        return self._digest(self.random_bytes(32))

    def _digest(self, data: bytes) -> str:
        self.digests += 1
        return b64url_encode(self.hash(data).digest())


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


def _check_names(value: Mapping[str, Any]) -> None:
    """Refuse claim names that the digests use themselves (RFC 9901 section 4.1)."""
    pending: list[Iterable[Any]] = [(value,)]
    while pending:
        for item in pending.pop():
            if isinstance(item, Mapping):
                if not RESERVED_NAMES.isdisjoint(item):
                    raise MalformedCredential("a claim is named _sd, _sd_alg or ..., which RFC 9901 reserves")
                pending.append(item.values())
            elif isinstance(item, list):
                pending.append(item)
