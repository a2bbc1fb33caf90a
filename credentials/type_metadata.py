"""SD-JWT VC Type Metadata: parse, integrity, `extends`, labels by language, rules for claims.

Documents come in as bytes from our own catalogue or cache; nothing is fetched here.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from credentials.claims import ClaimPath, ConcretePath

SdRule = Literal["always", "allowed", "never"]


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
    """A type, after `extends` was followed when it came from `load`."""

    vct: str
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    claims: tuple[ClaimRule, ...]
    extends: str | None = None
    extends_integrity: str | None = None
    display: tuple[Mapping[str, Any], ...] = ()
    lineage: tuple[str, ...] = ()
    """The types this one extends, nearest first; filled in by `load`."""

    def name(self, *languages: str) -> str:
        """Return the type's name in the first language we have, else its own default."""
        raise NotImplementedError

    def label(self, path: Sequence[str | int | None], *languages: str) -> str:
        """Return the label of a claim path (a position counts as `None`), else the path itself for people."""
        raise NotImplementedError

    def disclosable(self) -> tuple[ClaimPath, ...]:
        """Return the paths whose rule is `sd: always`: what an issuer must make disclosable."""
        raise NotImplementedError


def integrity(document: bytes) -> str:
    """Return the SRI string `sha256-…` of these octets."""
    raise NotImplementedError


def check_integrity(document: bytes, expected: str) -> None:
    """Check octets against an SRI string; the strongest algorithm named decides.

    Raises TypeUnexpected (mismatch), MalformedCredential (no supported algorithm).
    """
    raise NotImplementedError


def parse_type_metadata(document: bytes, *, vct: str | None = None) -> TypeMetadata:
    """Return one document as it stands; its `vct` must equal the one given. Raises MalformedCredential."""
    raise NotImplementedError


def load(vct: str, *, get: Callable[[str], bytes | None], expected_integrity: str | None = None) -> TypeMetadata:
    """Return a type with everything it extends applied.

    `get` answers from what we hold. A child may tighten `sd` and `mandatory`, never loosen them.
    Raises TypeUnexpected (integrity, cycle, loosened rule, unknown parent), MalformedCredential.
    """
    raise NotImplementedError


def check_claims(
    metadata: TypeMetadata,
    claims: Mapping[str, Any],
    *,
    disclosed: Collection[ConcretePath],
    hidden: int,
    issuing: bool = False,
) -> None:
    """Check claims against the rules of their type.

    `disclosed` are the paths that came by disclosure, `hidden` the number of digests without one.
    A mandatory claim may be absent only where something is hidden; when `issuing`, never.
    Raises ClaimMissing, DisclosureInvalid (`sd` rule broken).
    """
    raise NotImplementedError
