"""The shape of a credential type file, read strictly: an unknown member or a missing language stops the start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from credentials.claims import ClaimPath
from did.encoding import json_object
from did.errors import Malformed
from idservice.problems import Refused

LANGUAGES = ("en", "et", "pt", "de", "ar")
"""Every type speaks at least these."""

Words = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
ValueKind = Literal[
    "text", "date", "boolean", "integer", "country", "personal_code", "data_url", "pem", "uri", "object", "list"
]
"""What a value must be; `object` and `list` have claims of their own below them."""
Computed = Literal["today", "today_plus", "setting", "document_number", "age_over", "pairwise", "certificate"]
"""Who fills a claim in when it is not given: see `claimvalues`; `pairwise` and `certificate` are the issuer room's."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TypeWords(_Strict):
    """Name and description of a type in one language."""

    name: Words
    description: Words


class ClaimEntry(_Strict):
    """One claim path: label by language, what its value must be, whether every copy carries it, who computes it."""

    path: Annotated[ClaimPath, Field(strict=False, min_length=1)]
    value: ValueKind
    label: Mapping[str, Words]
    mandatory: bool = False
    sd: Literal["always", "never"] = "always"
    one_of: tuple[str | int, ...] = Field(default=(), strict=False)
    """The only values there are, when not empty."""
    computed: Computed | None = None
    parameter: Words | None = None
    """What `computed` needs: years (`P5Y`) for `today_plus`, the setting's name, the letters before a number, the
    input with the birthdate for `age_over`."""


class InputEntry(_Strict):
    """A value that the registrar gives but no copy carries (the birthdate behind `age-over`)."""

    name: Words
    value: ValueKind
    label: Mapping[str, Words]


class TypeFile(_Strict):
    """A credential type."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    version: Annotated[int, Field(ge=1)]
    key_role: Literal["auth", "sign"] = "auth"
    direct_offer: bool = False
    copies: Annotated[int, Field(ge=1, le=100)] = 10
    lifetime_days: Annotated[int, Field(ge=1, le=14)] = 14
    display: Mapping[str, TypeWords]
    claims: Annotated[tuple[ClaimEntry, ...], Field(strict=False, min_length=1)]
    inputs: Annotated[tuple[InputEntry, ...], Field(strict=False)] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for what, words in [("display", self.display), *((f"label of {c.path}", c.label) for c in self.claims)]:
            missing = [language for language in LANGUAGES if language not in words]
            if missing:
                raise ValueError(f"{what}: no words in {', '.join(missing)}")
        paths = [claim.path for claim in self.claims]
        if len(set(paths)) != len(paths):
            raise ValueError("claims: one path stands twice")
        for claim in self.claims:
            self._check_claim(claim, set(paths))
        return self

    def _check_claim(self, claim: ClaimEntry, paths: set[ClaimPath]) -> None:
        if not isinstance(claim.path[0], str) or any(isinstance(part, int) for part in claim.path):
            raise ValueError(f"claims: {claim.path} must begin with a name and may use null for items only")
        if claim.path[0] in RESERVED:
            raise ValueError(f"claims: {claim.path[0]} belongs to the format, not to a type")
        if len(claim.path) > 1 and claim.path[:-1] not in paths:
            raise ValueError(f"claims: {claim.path} has no entry above it")
        below = [path[-1] for path in paths if len(path) == len(claim.path) + 1 and path[:-1] == claim.path]
        fits = {"object": all(isinstance(part, str) for part in below), "list": below in ([None], [])}
        if not fits.get(claim.value, not below):
            raise ValueError(f"claims: what stands below {claim.path} does not fit a value of kind {claim.value}")
        if claim.computed in ("today_plus", "setting", "document_number", "age_over") and claim.parameter is None:
            raise ValueError(f"claims: {claim.path} is computed by {claim.computed} and needs a parameter")
        if claim.computed is not None and len(claim.path) > 1:
            raise ValueError(f"claims: {claim.path} is computed, but only claims at the top can be")


RESERVED = frozenset(
    {"iss", "sub", "aud", "iat", "nbf", "exp", "jti", "cnf", "vct", "vct#integrity", "status", "_sd", "_sd_alg", "..."}
)
"""Claims that the format itself writes (T17)."""


def read_type_file(path: Path) -> TypeFile:
    """Return a checked type file. Raises Refused (`malformed`) that names file, place and fault."""
    try:
        value: dict[str, Any] = json_object(path.read_bytes())
        return TypeFile.model_validate(value)
    except Malformed as error:
        raise _wrong(path, error.detail) from error
    except ValidationError as error:
        places = [f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()]
        raise _wrong(path, "; ".join(places)) from None


def _wrong(path: Path, detail: str) -> Refused:
    return Refused("malformed", f"type file {path.name}: {detail}", hint="Correct the file and start again.")
