"""Credential types as data: one JSON file each, in `idservice/registry/types/` or `DIR/types/`.

Adding a type is adding a file. Files are read strictly at start; each becomes a `CredentialType` and an SD-JWT VC
Type Metadata document, whose exact bytes are kept for good so that `vct#integrity` of every copy ever issued holds.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from credentials.claims import ClaimPath

SHIPPED = Path(__file__).parent / "registry" / "types"
LANGUAGES = ("en", "et", "pt", "de", "ar")

KeyRole = Literal["auth", "sign"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialType:
    """One version of one type, as the rooms use it."""

    name: str
    version: int
    vct: str
    key_role: KeyRole
    """Which of the holder's keys the copies are bound to."""
    direct_offer: bool
    """Whether one registrar may offer it without a case."""
    copies: int
    """How many copies make a batch."""
    lifetime: timedelta
    """Technical validity of one copy, at most 14 days."""
    names: Mapping[str, str]
    descriptions: Mapping[str, str]
    disclosable: tuple[ClaimPath, ...]
    """Every path that is selectively disclosable, nested members and array items one by one."""
    mandatory: tuple[str, ...]
    """Top-level claims that the issuer must give."""
    per_copy: frozenset[str]
    """Claims that only the issuer room can fill in, copy by copy: `pairwise_sub`, `certificate`."""
    metadata: bytes
    """The type metadata document, byte for byte as published at `vct`."""

    @property
    def integrity(self) -> str:
        """The value of `vct#integrity`: SRI over `metadata`."""
        return "sha256-" + b64encode(sha256(self.metadata).digest()).decode()

    @property
    def claim_paths(self) -> frozenset[ClaimPath]:
        """Every claim path that the type knows: what the purpose `any` may ask."""
        raise NotImplementedError

    def complete(self, given: Mapping[str, Any], *, today: date) -> dict[str, Any]:
        """Return the claims to issue: what was given, checked, with the computed ones added.

        Call it once, when the offer is made: dates and document numbers must not change with each refill.
        Raises Refused: `malformed` (unknown claim, wrong kind of value), `claim_missing`, `personal_code_invalid`.
        """
        raise NotImplementedError


class TypeCatalogue:
    """The newest version of each type by name, and every version by `vct`."""

    def get(self, name: str) -> CredentialType:
        """Return a type by its name (`e-residency`). Raises Refused (`not_found`)."""
        raise NotImplementedError

    def by_vct(self, vct: str) -> CredentialType:
        """Return a type by its `vct`, compared exactly. Raises Refused (`not_found`)."""
        raise NotImplementedError

    def __iter__(self) -> Iterator[CredentialType]:
        raise NotImplementedError
