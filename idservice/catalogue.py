"""Credential types as data: one JSON file each, in `idservice/registry/types/` or `DIR/types/`.

Adding a type is adding a file. Files are read strictly at start (`typefile`); each becomes a `CredentialType` and an
SD-JWT VC Type Metadata document, whose bytes are kept once published: `vct#integrity` of every copy then holds.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from credentials.claims import ClaimPath
from idservice import claimvalues
from idservice.problems import Refused
from idservice.typefile import TypeFile, read_type_file

SHIPPED = Path(__file__).parent / "registry" / "types"

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
    """Top-level claims that every copy carries."""
    per_copy: frozenset[str]
    """Claims that only the issuer room can fill in, copy by copy: `pairwise_sub`, `certificate`."""
    metadata: bytes
    """The type metadata document, byte for byte as published at `vct`."""
    file: TypeFile
    """The type file it was made from."""
    settings: Mapping[str, str]
    """Values that claims may take from the settings: `issuing_authority`, `issuing_country`."""

    @property
    def integrity(self) -> str:
        """The value of `vct#integrity`: SRI over `metadata`."""
        return "sha256-" + b64encode(sha256(self.metadata).digest()).decode()

    @property
    def claim_paths(self) -> tuple[ClaimPath, ...]:
        """Every claim path that the type knows: what the purpose `any` may ask."""
        return tuple(claim.path for claim in self.file.claims)

    def complete(self, given: Mapping[str, Any], *, today: date) -> dict[str, Any]:
        """Return the claims to issue: what was given, checked, with the computed ones added.

        Call it once, when the offer is made: dates and document numbers must not change with each refill.
        Raises Refused: `malformed` (unknown claim, wrong kind of value), `claim_missing`, `personal_code_invalid`.
        """
        return claimvalues.complete(self.file, given, today=today, settings=self.settings)


class TypeCatalogue:
    """Every type by name and by `vct`."""

    def __init__(self, types: Iterable[CredentialType]) -> None:
        """Hold `types`. Raises Refused (`conflict`) when two files define one type."""
        self._by_name: dict[str, CredentialType] = {}
        for each in types:
            if each.name in self._by_name:
                raise Refused("conflict", f"two type files define {each.name!r}", hint="Rename or remove one of them.")
            self._by_name[each.name] = each
        self._by_vct = {each.vct: each for each in self._by_name.values()}

    def get(self, name: str) -> CredentialType:
        """Return a type by its name (`e-residency`). Raises Refused (`not_found`)."""
        found = self._by_name.get(name)
        if found is None:
            raise Refused("not_found", "there is no credential type of this name", hint="See the issuer's metadata.")
        return found

    def by_vct(self, vct: str) -> CredentialType:
        """Return a type by its `vct`, compared exactly. Raises Refused (`not_found`)."""
        found = self._by_vct.get(vct)
        if found is None:
            raise Refused("not_found", "there is no credential type of this vct", hint="See the issuer's metadata.")
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[CredentialType]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def with_metadata(self, published: Mapping[str, bytes]) -> "TypeCatalogue":
        """Return the same types with the bytes that were published first, by `vct`."""
        return TypeCatalogue(
            replace(each, metadata=published.get(each.vct, each.metadata)) for each in self._by_name.values()
        )


def load_catalogue(base_url: str, folders: Iterable[Path], *, dev: bool, settings: Mapping[str, str]) -> TypeCatalogue:
    """Read every `*.json` of these folders, in the order of their names.

    In dev every type may be offered without a case (contract.md 1). Raises Refused (`malformed`) with file and place.
    """
    files = [read_type_file(path) for folder in folders for path in sorted(folder.glob("*.json"))]
    return TypeCatalogue(_make(file, base_url, dev=dev, settings=settings) for file in files)


def _make(file: TypeFile, base_url: str, *, dev: bool, settings: Mapping[str, str]) -> CredentialType:
    vct = f"{base_url}/vct/{file.type}/{file.version}"
    return CredentialType(
        name=file.type,
        version=file.version,
        vct=vct,
        key_role=file.key_role,
        direct_offer=file.direct_offer or dev,
        copies=file.copies,
        lifetime=timedelta(days=file.lifetime_days),
        names={language: words.name for language, words in file.display.items()},
        descriptions={language: words.description for language, words in file.display.items()},
        disclosable=tuple(claim.path for claim in file.claims if claim.sd == "always"),
        mandatory=tuple(str(claim.path[0]) for claim in file.claims if claim.mandatory and len(claim.path) == 1),
        per_copy=frozenset(
            str(claim.path[0]) for claim in file.claims if claim.computed in ("pairwise", "certificate")
        ),
        metadata=type_metadata(file, vct),
        file=file,
        settings=settings,
    )


def type_metadata(file: TypeFile, vct: str) -> bytes:
    """Return the SD-JWT VC Type Metadata of a type file: `vct`, `name`, `description`, `display[]`, `claims[]`."""
    english = file.display["en"]
    document = {
        "vct": vct,
        "name": english.name,
        "description": english.description,
        "display": [
            {"locale": language, "name": words.name, "description": words.description}
            for language, words in file.display.items()
        ],
        "claims": [
            {
                "path": list(claim.path),
                "display": [{"locale": language, "label": label} for language, label in claim.label.items()],
                "mandatory": claim.mandatory,
                "sd": claim.sd,
            }
            for claim in file.claims
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()
