"""Putting disclosures into a payload, and choosing which to show. RFC 9901 sections 7.1 and 7.2."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from credentials.claims import ClaimPath, ConcretePath, format_path, resolve
from credentials.errors import ClaimMissing, DisclosureInvalid, TooLarge
from credentials.sd_jwt.model import (
    MAX_NESTING,
    RESERVED_NAMES,
    Disclosure,
    ProcessedSdJwt,
    UnverifiedSdJwt,
    hash_name,
    parse_sd_jwt,
    read_disclosures,
)

_MAX_DEPTH: Final = 32
_STR: Final = frozenset({str})


class _Hidden:
    """Stands where an array item was not disclosed, so that the others keep their issued positions."""


_HIDDEN: Final = _Hidden()


def process(payload: Mapping[str, Any], disclosures: Sequence[str]) -> ProcessedSdJwt:
    """Return the payload with these disclosures in place; parts without digests are shared with it.

    Raises DisclosureInvalid (unreferenced, doubled, over an existing name, reserved name, wrong
    form), AlgorithmNotAllowed (`_sd_alg`), TooLarge. RFC 9901 section 7.1 step 3 (T15, T16, T17, T19).
    """
    walk = Walk(payload, disclosures)
    return ProcessedSdJwt(
        visible(walk.claims) if walk.positions else walk.claims,
        tuple(walk.shown),
        walk.hidden,
        walk.positions,
        frozenset(walk.roots),
    )


def present(sd_jwt: str | UnverifiedSdJwt, *, disclose: Collection[ClaimPath]) -> str:
    """Return the SD-JWT with only the disclosures for these paths, their parents and all they contain.

    Positions in a path are the issued ones. An existing key-binding JWT is left out. Raises
    ClaimMissing when a path selects nothing, and what `process` raises. RFC 9901 section 7.2.
    """
    parsed = parse_sd_jwt(sd_jwt) if isinstance(sd_jwt, str) else sd_jwt
    return select_disclosures(parsed, Walk(parsed.jws.unverified_claims(), parsed.disclosures), disclose)


def select_disclosures(parsed: UnverifiedSdJwt, walk: "Walk", disclose: Collection[ClaimPath]) -> str:
    """Do the work of `present` on a payload that has been walked already."""
    shown = walk.shown
    wanted: set[str] = set()
    for path in disclose:
        found = False
        for at, value in resolve(path, walk.claims):
            if value is _HIDDEN:
                continue
            found = True
            # each parent goes with it, and so does all that lies inside
            for end in range(1, len(at) + 1):
                if at[:end] in shown:
                    wanted.add(shown[at[:end]])
            if type(value) is dict or type(value) is list:
                wanted.update(text for inner, text in shown.items() if inner[: len(at)] == at)
        if not found:
            raise ClaimMissing(f"the credential has no {format_path(path)}")
    return "~".join([parsed.jws.compact, *(text for text in parsed.disclosures if text in wanted), ""])


class Walk:
    """One pass over a payload: every digest is met once and every disclosure used once.

    `claims` keeps a placeholder where an array item stays hidden; `shown` maps the concrete path of
    each element that came by disclosure to its disclosure, parents before children. Read-only.
    """

    __slots__ = ("_by_digest", "_seen", "claims", "hidden", "positions", "roots", "shown")

    def __init__(self, payload: Mapping[str, Any], disclosures: Sequence[str]) -> None:
        self._by_digest = read_disclosures(disclosures, hash_name(payload))
        self._seen: set[str] = set()
        self.shown: dict[ConcretePath, str] = {}
        self.positions: dict[ConcretePath, tuple[int, ...]] = {}
        self.roots: set[str | int] = set()
        top = dict(payload)
        top.pop("_sd_alg", None)
        self.claims = self._members(top, (), 0)
        self.hidden = len(self._seen) - len(self.shown)
        if len(self.shown) != len(self._by_digest):
            raise DisclosureInvalid("a disclosure belongs to no digest of the signed credential")

    def _members(self, value: dict[str, Any], path: ConcretePath, nested: int) -> dict[str, Any]:
        if len(path) > _MAX_DEPTH:
            raise TooLarge(f"the claims are nested more than {_MAX_DEPTH} deep")
        members = value
        digests: Any = ()
        if not RESERVED_NAMES.isdisjoint(value):
            members = dict(value)
            digests = members.pop("_sd", ())
            if not RESERVED_NAMES.isdisjoint(members):
                raise DisclosureInvalid("a member is named ... or _sd_alg where RFC 9901 forbids it")
            self._meet(digests)
            self.roots.update(path[:1])
        for name, member in members.items():
            kind = type(member)
            if (kind is dict or kind is list) and not _plain(member, _MAX_DEPTH - len(path)):
                inner = self._element(member, (*path, name), nested)
                if inner is not member:
                    if members is value:
                        members = dict(value)
                    members[name] = inner  # an existing key: the size stays, so the loop may go on
        by_digest = self._by_digest
        for digest in digests:
            if digest not in by_digest:
                continue
            disclosure = by_digest[digest]
            claim = disclosure.name
            if claim is None:
                raise DisclosureInvalid("an array element's disclosure stands where a member is due")
            if claim in RESERVED_NAMES:
                raise DisclosureInvalid("a disclosure uses a reserved claim name")
            if claim in members:
                raise DisclosureInvalid("a disclosure would replace a claim that is there already")
            members[claim] = self._show(disclosure, (*path, claim), nested)
        return members

    def _items(self, value: list[Any], path: ConcretePath, nested: int) -> list[Any]:
        if len(path) > _MAX_DEPTH:
            raise TooLarge(f"the claims are nested more than {_MAX_DEPTH} deep")
        items = value
        for at, item in enumerate(value):
            kind = type(item)
            if kind is dict and "..." in item:
                inner = self._item(item, (*path, at), nested)
            elif kind is dict or kind is list:
                inner = self._element(item, (*path, at), nested)
            else:
                continue
            if inner is not item:
                if items is value:
                    items = list(value)
                items[at] = inner
        if items is not value:
            left = tuple(at for at, item in enumerate(items) if item is not _HIDDEN)
            if len(left) != len(items):
                self.positions[path] = left
        return items

    def _item(self, item: dict[str, Any], path: ConcretePath, nested: int) -> Any:
        digest = item["..."]
        if len(item) != 1:
            raise DisclosureInvalid("an array element with a digest has another member")
        self._meet([digest])
        self.roots.update(path[:1])
        disclosure = self._by_digest.get(digest)
        if disclosure is None:
            return _HIDDEN
        if disclosure.name is not None:
            raise DisclosureInvalid("a member's disclosure stands where an array element is due")
        return self._show(disclosure, path, nested)

    def _element(self, value: Any, path: ConcretePath, nested: int) -> Any:
        if type(value) is dict:
            return self._members(value, path, nested)
        if type(value) is list:
            return self._items(value, path, nested)
        return value

    def _meet(self, digests: Any) -> None:
        """Note digests as met, which each may be only once; what brings no disclosure is hidden."""
        if type(digests) is not list or not set(map(type, digests)) <= _STR:
            raise DisclosureInvalid("a digest is not text")
        count = len(self._seen) + len(digests)
        self._seen.update(digests)
        if len(self._seen) != count:
            raise DisclosureInvalid("a digest stands twice in the credential")

    def _show(self, disclosure: Disclosure, path: ConcretePath, nested: int) -> Any:
        if nested >= MAX_NESTING:
            raise TooLarge(f"disclosures are nested more than {MAX_NESTING} deep")
        self.shown[path] = disclosure.text
        if nested == 0 and len(path) == 1:
            self.roots.add(path[0])
        value = disclosure.value
        kind = type(value)
        return self._element(value, path, nested + 1) if kind is dict or kind is list else value


def _plain(value: Any, depth: int) -> bool:
    """Tell whether there is nothing to process in a container: most hold no digest, and need no copy."""
    if depth <= 0:
        return False
    if type(value) is dict:
        if not RESERVED_NAMES.isdisjoint(value):
            return False
        value = value.values()
    for item in value:
        kind = type(item)
        if (kind is dict or kind is list) and not _plain(item, depth - 1):
            return False
    return True


def visible(value: Any) -> Any:
    """Return a copy of a walk's claims without the placeholders of hidden array items."""
    if type(value) is dict:
        return {name: visible(member) for name, member in value.items()}
    if type(value) is list:
        return [visible(item) for item in value if item is not _HIDDEN]
    return value
