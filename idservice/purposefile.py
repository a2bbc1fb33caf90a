"""The purposes of an agency as it registers them: type names and claim paths, read strictly."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from credentials.claims import ClaimPath, format_path
from credentials.errors import IdError
from credentials.openid.dcql import parse_query
from did.encoding import json_parse
from idservice.catalogue import TypeCatalogue
from idservice.problems import Refused

SHAPE = (
    'A list of purposes, each {"name": "library-card", "description": {"en": "Library card"}, '
    '"claims": {"e-residency": [["family_name"], ["given_name"]]}, "retention": "P5Y" or "P0D"}.'
)
Words = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class PurposeEntry(BaseModel):
    """One purpose. Types are named as in their files (`e-residency`), in `query` too."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
    description: Mapping[str, Words]
    claims: Mapping[str, tuple[ClaimPath, ...]] = Field(default_factory=dict)
    everything: bool = False
    retention: Annotated[str, StringConstraints(pattern=r"^(P(\d+Y)?(\d+M)?\d+D|P(\d+Y)?\d+M|P\d+Y|PT\d+[HMS])$")]
    query: dict[str, Any] | None = None
    transaction_data_types: tuple[Words, ...] = ()

    def check(self, types: TypeCatalogue) -> None:
        """See that it speaks English, knows its types, and that its query can be read. Raises Refused."""
        if "en" not in self.description:
            raise Refused("malformed", f"purpose {self.name}: no description in English")
        known = {kind.name: set(kind.claim_paths) for kind in types}
        for name, paths in self.claims.items():
            wrong = [path for path in paths if path not in known.get(name, set())]
            if name not in known or wrong:
                what = f"{name} has no claim {format_path(wrong[0])}" if wrong and name in known else f"no type {name}"
                raise Refused("malformed", f"purpose {self.name}: {what}")
        query = self.resolved_query(types)
        if query is not None:
            try:
                parse_query(query)
            except IdError as error:
                raise Refused("malformed", f"purpose {self.name}: {error.detail}") from error

    def resolved_claims(self, types: TypeCatalogue) -> dict[str, frozenset[ClaimPath]]:
        """Return `vct` -> claim paths; every claim of every type where the purpose covers everything."""
        if self.everything:
            return {kind.vct: frozenset(kind.claim_paths) for kind in types}
        return {types.get(name).vct: frozenset(paths) for name, paths in self.claims.items() if name in types}

    def resolved_query(self, types: TypeCatalogue) -> dict[str, Any] | None:
        """Return the query with each `vct` in place of a type's name."""
        if self.query is None:
            return None
        return {**self.query, "credentials": [_resolved(entry, types) for entry in self.query.get("credentials", [])]}


def _resolved(entry: dict[str, Any], types: TypeCatalogue) -> dict[str, Any]:
    meta = dict(entry.get("meta", {}))
    names = meta.get("vct_values", [])
    meta["vct_values"] = [types.get(name).vct if name in types else name for name in names]
    return {**entry, "meta": meta}


def read_purposes(path: Path) -> list[PurposeEntry]:
    """Return the purposes in a JSON file (an array). Raises Refused (`malformed`) that names the place."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused("malformed", f"{path} cannot be read: {error.strerror}", hint="Check the path.") from error
    try:
        return TypeAdapter(list[PurposeEntry]).validate_python(json_parse(data))
    except IdError as error:
        raise Refused("malformed", f"{path.name}: {error.detail}") from error
    except ValidationError as error:
        places = [f"{'.'.join(map(str, item['loc'])) or 'the whole file'}: {item['msg']}" for item in error.errors()]
        raise Refused("malformed", f"{path.name}: {'; '.join(places)}", hint=SHAPE) from None
