"""Putting disclosures into a payload, and choosing which to show. RFC 9901 sections 7.1 and 7.2."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from credentials.claims import ClaimPath, ConcretePath, covers, format_path, resolve
from credentials.errors import ClaimMissing, DisclosureInvalid, TooLarge
from credentials.sd_jwt.model import (
    MAX_NESTING,
    RESERVED_NAMES,
    Disclosure,
    ProcessedSdJwt,
    UnverifiedSdJwt,
    digest_of,
    hash_name,
    parse_disclosure,
    parse_sd_jwt,
)

_MAX_DEPTH: Final = 32


class _Hidden:
    """Stands where an array item was not disclosed, so that the others keep their issued positions."""


_HIDDEN: Final = _Hidden()


@dataclass(frozen=True, slots=True)
class _Shown:
    """A disclosure and the concrete path of the element that it brings."""

    path: ConcretePath
    text: str


def process(payload: Mapping[str, Any], disclosures: Collection[str]) -> ProcessedSdJwt:
    """Return the payload with these disclosures in place.

    Raises DisclosureInvalid (unreferenced, doubled, over an existing name, reserved name, wrong
    form), AlgorithmNotAllowed (`_sd_alg`), TooLarge. RFC 9901 section 7.1 step 3 (T15, T16, T17, T19).
    """
    walk = _Walk(payload, disclosures)
    claims = walk.claims if not walk.positions else _without_hidden(walk.claims)
    return ProcessedSdJwt(
        claims=claims,
        disclosed=tuple(shown.path for shown in walk.shown),
        hidden=walk.hidden,
        positions=walk.positions,
    )


def present(sd_jwt: str | UnverifiedSdJwt, *, disclose: Collection[ClaimPath]) -> str:
    """Return the SD-JWT with only the disclosures for these paths, their parents and all they contain.

    Positions in a path are the issued ones. An existing key-binding JWT is left out. Raises
    ClaimMissing when a path selects nothing, and what `process` raises. RFC 9901 section 7.2.
    """
    parsed = parse_sd_jwt(sd_jwt) if isinstance(sd_jwt, str) else sd_jwt
    return select_disclosures(parsed, parsed.jws.unverified_claims(), disclose)


def select_disclosures(parsed: UnverifiedSdJwt, payload: Mapping[str, Any], disclose: Collection[ClaimPath]) -> str:
    """Do the work of `present` on a payload that has been read already."""
    walk = _Walk(payload, parsed.disclosures)
    wanted: list[ConcretePath] = []
    for path in disclose:
        found = [at for at, value in resolve(path, walk.claims) if value is not _HIDDEN]
        if not found:
            raise ClaimMissing(f"the credential has no {format_path(path)}")
        wanted.extend(found)
    # what lies inside a wanted element goes with it, and so does each parent above it
    texts = {
        shown.text
        for shown in walk.shown
        if any(covers(path, shown.path) or covers(shown.path, path) for path in wanted)
    }
    chosen = [text for text in parsed.disclosures if text in texts]
    return "~".join([parsed.jws.compact, *chosen, ""])


class _Walk:
    """One pass over a payload: every digest is met once and every disclosure used once."""

    __slots__ = ("_by_digest", "_seen", "claims", "hidden", "positions", "shown")

    def __init__(self, payload: Mapping[str, Any], disclosures: Collection[str]) -> None:
        hash_alg = hash_name(payload)
        self._by_digest: dict[str, Disclosure] = {}
        for text in disclosures:
            digest = digest_of(text, hash_alg)
            if digest in self._by_digest:
                raise DisclosureInvalid("a disclosure was sent twice")
            self._by_digest[digest] = parse_disclosure(text)
        self._seen: set[str] = set()
        self.hidden = 0
        self.shown: list[_Shown] = []
        self.positions: dict[ConcretePath, tuple[int, ...]] = {}
        self.claims = self._members({name: value for name, value in payload.items() if name != "_sd_alg"}, (), 0)
        if len(self.shown) != len(self._by_digest):
            raise DisclosureInvalid("a disclosure belongs to no digest of the signed credential")

    def _members(self, value: dict[str, Any], path: ConcretePath, nested: int) -> dict[str, Any]:
        if len(path) > _MAX_DEPTH:
            raise TooLarge(f"the claims are nested more than {_MAX_DEPTH} deep")
        members: dict[str, Any] = {}
        for name, member in value.items():
            if name in RESERVED_NAMES:
                if name != "_sd":
                    raise DisclosureInvalid(f"a member is named {name} where RFC 9901 forbids it")
                continue
            kind = type(member)
            if kind is dict or kind is list:
                member = self._element(member, (*path, name), nested)
            members[name] = member
        digests = value.get("_sd", ())
        if "_sd" in value and not (isinstance(digests, list) and all(isinstance(text, str) for text in digests)):
            raise DisclosureInvalid("_sd is not an array of digests")
        for digest in digests:
            disclosure = self._take(digest)
            if disclosure is None:
                continue
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
        items: list[Any] = []
        for at, item in enumerate(value):
            if type(item) is dict and "..." in item:
                items.append(self._item(item, (*path, at), nested))
            else:
                items.append(self._element(item, (*path, at), nested))
        left = tuple(at for at, item in enumerate(items) if item is not _HIDDEN)
        if len(left) != len(items):
            self.positions[path] = left
        return items

    def _item(self, item: dict[str, Any], path: ConcretePath, nested: int) -> Any:
        digest = item["..."]
        if len(item) != 1 or not isinstance(digest, str):
            raise DisclosureInvalid("an array element with a digest has another member, or no digest")
        disclosure = self._take(digest)
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

    def _take(self, digest: str) -> Disclosure | None:
        """Return the disclosure of a digest, or None when it stays hidden; a digest may be met only once."""
        if digest in self._seen:
            raise DisclosureInvalid("a digest stands twice in the credential")
        self._seen.add(digest)
        disclosure = self._by_digest.get(digest)
        if disclosure is None:
            self.hidden += 1
        return disclosure

    def _show(self, disclosure: Disclosure, path: ConcretePath, nested: int) -> Any:
        if nested >= MAX_NESTING:
            raise TooLarge(f"disclosures are nested more than {MAX_NESTING} deep")
        self.shown.append(_Shown(path, disclosure.text))
        return self._element(disclosure.value, path, nested + 1)


def _without_hidden(value: Any) -> Any:
    if type(value) is dict:
        return {name: _without_hidden(member) for name, member in value.items()}
    if type(value) is list:
        return [_without_hidden(item) for item in value if item is not _HIDDEN]
    return value
