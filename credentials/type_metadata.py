"""SD-JWT VC Type Metadata: parse, integrity, `extends`, labels by language, rules for claims.

Documents come in as bytes from our own catalogue or cache; nothing is fetched here.
draft-ietf-oauth-sd-jwt-vc, sections "Type Metadata", "Document Integrity" and "Claim Metadata".
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from credentials.claims import ClaimPath, ConcretePath, format_path, issued_path, parse_path, resolve, select
from credentials.errors import ClaimMissing, DisclosureInvalid, MalformedCredential, TypeUnexpected
from did.encoding import json_object
from did.errors import Malformed

SdRule = Literal["always", "allowed", "never"]

MAX_DOCUMENT_BYTES = 1 << 20
MAX_CLAIM_RULES = 500
MAX_EXTENDS = 8
_MAX_KNOWN = 1024

_SRI_STRENGTH: Mapping[str, Callable[[bytes], Any]] = {
    "sha256": hashlib.sha256,
    "sha384": hashlib.sha384,
    "sha512": hashlib.sha512,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRule:
    """What a type says of one claim path: label and description by locale, `mandatory`, `sd`."""

    path: ClaimPath
    labels: Mapping[str, str]
    descriptions: Mapping[str, str]
    mandatory: bool = False
    sd: SdRule = "allowed"
    svg_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeMetadata:
    """A type; with everything it extends applied when it came from `load`.

    `names` and `descriptions` are by locale; `name_default` is the document's own `name` member.
    `display` is kept as it stands, for rendering. `lineage` are the types this one extends, nearest
    first.
    """

    vct: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    claims: tuple[ClaimRule, ...]
    name_default: str | None = None
    description_default: str | None = None
    extends: str | None = None
    extends_integrity: str | None = None
    display: tuple[Mapping[str, Any], ...] = ()
    lineage: tuple[str, ...] = ()

    def name(self, *languages: str) -> str:
        """Return the type's name in the first of these languages we have, else its default, else the `vct`."""
        return _choose(self.names, languages, self.name_default) or self.vct

    def description(self, *languages: str) -> str:
        """Return the type's description likewise; empty when it has none."""
        return _choose(self.descriptions, languages, self.description_default) or ""

    def rule(self, path: Sequence[str | int | None]) -> ClaimRule | None:
        """Return the rule for a claim path; a position counts as `None` where no rule names it."""
        exact = tuple(path)
        loose = tuple(None if isinstance(part, int) else part for part in path)
        found = {rule.path: rule for rule in self.claims}
        return found.get(exact) or found.get(loose)

    def label(self, path: Sequence[str | int | None], *languages: str) -> str:
        """Return the label of a claim path, else the path itself as people read it."""
        rule = self.rule(path)
        return (_choose(rule.labels, languages, None) if rule else None) or format_path(path)

    def disclosable(self) -> tuple[ClaimPath, ...]:
        """Return the paths whose rule is `sd: always`: what an issuer must make disclosable."""
        return tuple(rule.path for rule in self.claims if rule.sd == "always")


def integrity(document: bytes) -> str:
    """Return the SRI string `sha256-…` of these octets."""
    return "sha256-" + base64.b64encode(hashlib.sha256(document).digest()).decode("ascii")


def check_integrity(document: bytes, expected: str) -> None:
    """Check octets against an SRI string; the strongest algorithm it names decides.

    Raises TypeUnexpected (mismatch), MalformedCredential (no supported algorithm). W3C SRI section 3.3.
    """
    by_strength: dict[str, list[bytes]] = {}
    for entry in expected.split() if len(expected) <= 4096 else ():
        name, _, value = entry.partition("?")[0].partition("-")
        if name in _SRI_STRENGTH:
            try:
                by_strength.setdefault(name, []).append(base64.b64decode(value, validate=True))
            except (binascii.Error, ValueError) as exc:
                raise MalformedCredential("an integrity value is not base64") from exc
    if not by_strength:
        raise MalformedCredential("an integrity value names no hash that is supported")
    name = max(by_strength, key=list(_SRI_STRENGTH).index)
    digest = _SRI_STRENGTH[name](document).digest()
    if not any(hmac.compare_digest(digest, value) for value in by_strength[name]):
        raise TypeUnexpected("the type metadata is not the document that the integrity value describes")


def parse_type_metadata(document: bytes, *, vct: str | None = None) -> TypeMetadata:
    """Return one document as it stands; its `vct` must equal the one given. Raises MalformedCredential."""
    return _model(_read(document, vct), ())


def load(vct: str, *, get: Callable[[str], bytes | None], expected_integrity: str | None = None) -> TypeMetadata:
    """Return a type with everything it extends applied.

    `get` answers from what we hold, None for what we do not. A child may tighten `sd` and
    `mandatory`, never loosen them. Raises TypeUnexpected (integrity, cycle, loosened rule, unknown
    parent), MalformedCredential.
    """
    lineage: list[str] = []
    documents: list[dict[str, Any]] = []
    wanted, sri = vct, expected_integrity
    while True:
        if wanted in lineage:
            raise TypeUnexpected("the type extends itself, directly or by way of others")
        if len(lineage) > MAX_EXTENDS:
            raise TypeUnexpected(f"the type has more than {MAX_EXTENDS} ancestors")
        octets = get(wanted)
        if octets is None:
            raise TypeUnexpected("the type extends one whose metadata is not known here")
        if sri is not None:
            check_integrity(octets, sri)
        document = _read(octets, wanted)
        lineage.append(wanted)
        documents.append(document)
        parent = document.get("extends")
        if parent is None:
            break
        wanted, sri = parent, document.get("extends#integrity")
    effective = documents.pop()
    while documents:
        effective = _extend(effective, documents.pop())
    return _model(effective, tuple(lineage[1:]))


_known: dict[tuple[str, str | None], tuple[tuple[tuple[str, bytes], ...], TypeMetadata]] = {}


def load_known(vct: str, documents: Mapping[str, bytes], *, expected_integrity: str | None = None) -> TypeMetadata:
    """Do as `load`, and keep the result as long as the same octets are given for the type and all it extends."""
    name = (vct, expected_integrity)
    kept = _known.get(name)
    if kept is not None and all(documents.get(part) == octets for part, octets in kept[0]):
        return kept[1]
    metadata = load(vct, get=documents.get, expected_integrity=expected_integrity)
    if len(_known) >= _MAX_KNOWN:
        _known.clear()
    _known[name] = (tuple((part, documents[part]) for part in (vct, *metadata.lineage)), metadata)
    return metadata


def check_claims(
    metadata: TypeMetadata,
    claims: Mapping[str, Any],
    *,
    disclosed: Collection[ConcretePath],
    hidden: int,
    positions: Mapping[ConcretePath, tuple[int, ...]] | None = None,
    issuing: bool = False,
) -> None:
    """Check claims against the rules of their type.

    `disclosed` are the paths that came by disclosure (issued positions, see `positions` of a
    processed SD-JWT), `hidden` the number of digests without one. A mandatory claim may be absent
    where something is hidden, since it may be that; never when `issuing`. A rule inside an object
    or array counts only where that is there. Raises ClaimMissing, DisclosureInvalid (`sd` broken).
    """
    came = set(disclosed)
    for rule in metadata.claims:
        found = [at for at, _ in resolve(rule.path, claims)]
        if rule.mandatory and (issuing or not hidden):
            last = rule.path[-1:]
            if any(not select(last, parent) for parent in select(rule.path[:-1], claims)):
                raise ClaimMissing(f"the type demands {format_path(rule.path)}")
        if rule.sd == "allowed":
            continue
        for at in found:
            by_disclosure = issued_path(at, positions or {}) in came
            if by_disclosure != (rule.sd == "always"):
                raise DisclosureInvalid(
                    f"the type says of {format_path(rule.path)} that it is {rule.sd} selectively disclosable"
                )


def _choose(texts: Mapping[str, str], languages: Sequence[str], default: str | None) -> str | None:
    """Return the text in the first language that fits: exactly, then by its primary subtag (RFC 4647 lookup)."""
    by_tag = {tag.lower(): text for tag, text in texts.items()}
    for language in languages:
        tag = language.lower().replace("_", "-")
        while tag:
            if tag in by_tag:
                return by_tag[tag]
            tag = tag.rpartition("-")[0]
    return default or by_tag.get("en") or next(iter(by_tag.values()), None)


def _read(document: bytes, vct: str | None) -> dict[str, Any]:
    """Return a document whose members all have their forms."""
    try:
        members = json_object(document, max_bytes=MAX_DOCUMENT_BYTES)
    except Malformed as exc:
        raise MalformedCredential("the type metadata is not strict JSON") from exc
    if not isinstance(members.get("vct"), str):
        raise MalformedCredential("the type metadata has no vct")
    if vct is not None and members["vct"] != vct:
        raise TypeUnexpected("the type metadata is for another type than its address")
    for name in ("name", "description", "extends", "extends#integrity"):
        if not isinstance(members.get(name, ""), str):
            raise MalformedCredential(f"{name} of the type metadata is not text")
    for name in ("display", "claims"):
        entries = members.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise MalformedCredential(f"{name} of the type metadata is not an array of objects")
    if len(members.get("claims", [])) > MAX_CLAIM_RULES:
        raise MalformedCredential(f"the type metadata has more than {MAX_CLAIM_RULES} claims")
    _texts(members.get("display", []), "name")
    paths = [_claim_path(claim) for claim in members.get("claims", [])]
    if len(set(paths)) != len(paths):
        raise MalformedCredential("the type metadata describes a claim twice")
    return members


def _claim_path(claim: dict[str, Any]) -> ClaimPath:
    """Return the path of one claim object, once all its members have their forms."""
    display = claim.get("display", [])
    if not isinstance(display, list) or not all(isinstance(entry, dict) for entry in display):
        raise MalformedCredential("display of a claim is not an array of objects")
    _texts(display, "label")
    if type(claim.get("mandatory", False)) is not bool:
        raise MalformedCredential("mandatory of a claim is not true or false")
    if claim.get("sd", "allowed") not in ("always", "allowed", "never"):
        raise MalformedCredential("sd of a claim is not always, allowed or never")
    if not isinstance(claim.get("svg_id", ""), str):
        raise MalformedCredential("svg_id of a claim is not text")
    return parse_path(claim.get("path"))


def _texts(display: list[dict[str, Any]], member: str) -> dict[str, str]:
    """Return `member` by locale; both are required in each display object."""
    texts: dict[str, str] = {}
    for entry in display:
        locale, text = entry.get("locale"), entry.get(member)
        if not isinstance(locale, str) or not locale or not isinstance(text, str):
            raise MalformedCredential(f"a display object has no locale or no {member}")
        if not isinstance(entry.get("description", ""), str):
            raise MalformedCredential("description of a display object is not text")
        texts.setdefault(locale, text)
    return texts


def _extend(parent: dict[str, Any], child: dict[str, Any]) -> dict[str, Any]:
    """Return the child's document with the parent's members where the child has none of its own."""
    claims = {parse_path(claim["path"]): claim for claim in parent.get("claims", [])}
    for claim in child.get("claims", []):
        path = parse_path(claim["path"])
        inherited = claims.get(path, {})
        was = inherited.get("sd", "allowed")
        if was != "allowed" and claim.get("sd", was) != was:
            raise TypeUnexpected(f"the type changes the sd rule that it inherits for {format_path(path)}")
        if inherited.get("mandatory", False) and not claim.get("mandatory", True):
            raise TypeUnexpected(f"the type makes {format_path(path)} optional, which it inherits as mandatory")
        claims[path] = {**inherited, **claim}
    return {**parent, **child, "claims": list(claims.values())}


def _model(document: dict[str, Any], lineage: tuple[str, ...]) -> TypeMetadata:
    display = document.get("display", [])
    return TypeMetadata(
        vct=document["vct"],
        names=_texts(display, "name"),
        descriptions=_described(display),
        claims=tuple(_rule(claim) for claim in document.get("claims", [])),
        name_default=document.get("name"),
        description_default=document.get("description"),
        extends=document.get("extends"),
        extends_integrity=document.get("extends#integrity"),
        display=tuple(display),
        lineage=lineage,
    )


def _rule(claim: dict[str, Any]) -> ClaimRule:
    display = claim.get("display", [])
    return ClaimRule(
        path=parse_path(claim["path"]),
        labels=_texts(display, "label"),
        descriptions=_described(display),
        mandatory=claim.get("mandatory", False),
        sd=claim.get("sd", "allowed"),
        svg_id=claim.get("svg_id"),
    )


def _described(display: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["locale"]: entry["description"] for entry in display if "description" in entry}
