"""The DCQL query (OpenID4VP 1.0 section 6): its parts as values, and the strict parser."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from credentials.claims import ClaimPath, parse_path
from credentials.errors import IdError, ProtocolError
from credentials.openid.dcql_formats import DCQL_FORMATS

Value = str | int | bool

MAX_CREDENTIALS: Final = 64
MAX_CLAIMS: Final = 256
MAX_SETS: Final = 64
MAX_VALUES: Final = 256
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")


class DcqlInvalid(ProtocolError):
    """The query is not a DCQL query (`invalid_request`)."""

    def __init__(self, detail: str) -> None:
        super().__init__("invalid_request", detail, hint="Correct the dcql_query (OpenID4VP 1.0 section 6).")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuery:
    """One member of `claims`: a path, and the values that would do (section 6.3)."""

    id: str | None
    path: ClaimPath
    values: tuple[Value, ...] | None = None
    intent_to_retain: bool | None = None
    plain: tuple[str, ...] | None = field(init=False, repr=False, compare=False)
    """`path` when it consists of names only."""

    def __post_init__(self) -> None:
        names = tuple(part for part in self.path if isinstance(part, str))
        object.__setattr__(self, "plain", names if len(names) == len(self.path) else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedAuthorities:
    """One member of `trusted_authorities`; any of the values, and any of the members, will do (section 6.1.1)."""

    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One member of `credentials` (section 6.1). `types` are the alternatives `meta` allows: each is a set of types
    that must all be there (one `vct` or doctype, or several expanded W3C types); empty = a format we do not know."""

    id: str
    format: str
    meta: Mapping[str, Any]
    types: tuple[tuple[str, ...], ...]
    multiple: bool = False
    require_holder_binding: bool = True
    trusted_authorities: tuple[TrustedAuthorities, ...] = ()
    claims: tuple[ClaimsQuery, ...] | None = None
    claim_sets: tuple[tuple[str, ...], ...] | None = None
    selections: tuple[tuple[ClaimsQuery, ...], ...] = field(init=False, repr=False, compare=False)
    """The alternative groups of claims, best first: `claim_sets`, or all of `claims`, or none at all."""
    paths: frozenset[ClaimPath] = field(init=False, repr=False, compare=False)
    """Every path that is asked for."""

    def __post_init__(self) -> None:
        claims = self.claims or ()
        by_id = {claim.id: claim for claim in claims}
        chosen = (tuple(by_id[claim_id] for claim_id in ids) for ids in self.claim_sets or ())
        object.__setattr__(self, "selections", (claims,) if self.claim_sets is None else tuple(chosen))
        object.__setattr__(self, "paths", frozenset(claim.path for claim in claims))


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialSet:
    """One member of `credential_sets`: alternatives, each a tuple of credential query ids (section 6.2)."""

    options: tuple[tuple[str, ...], ...]
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A parsed query; `raw` is the JSON object it was read from."""

    credentials: tuple[CredentialQuery, ...]
    credential_sets: tuple[CredentialSet, ...] | None
    raw: Mapping[str, Any] = field(repr=False)
    sets: tuple[CredentialSet, ...] = field(init=False, repr=False, compare=False)
    """`credential_sets`, or the one set that says the same when there are none: every credential."""
    asked: Mapping[str, CredentialQuery] = field(init=False, repr=False, compare=False)
    """The credential queries that some set names, by id: the others are not requested."""

    def __post_init__(self) -> None:
        every = CredentialSet(options=(tuple(entry.id for entry in self.credentials),))
        sets = (every,) if self.credential_sets is None else self.credential_sets
        named = {query_id for one in sets for option in one.options for query_id in option}
        object.__setattr__(self, "sets", sets)
        object.__setattr__(self, "asked", {entry.id: entry for entry in self.credentials if entry.id in named})

    def credential(self, query_id: str) -> CredentialQuery | None:
        """Return the credential query of that id."""
        return next((entry for entry in self.credentials if entry.id == query_id), None)


def parse_query(value: object) -> Query:
    """Return the query in a decoded JSON value. Unknown members are ignored. Raises DcqlInvalid. Section 6."""
    if not isinstance(value, dict):
        raise DcqlInvalid("dcql_query is not a JSON object")
    entries = _array(value, "credentials", MAX_CREDENTIALS)
    credentials = tuple(_credential_query(entry) for entry in entries)
    ids = [entry.id for entry in credentials]
    if len(set(ids)) != len(ids):
        raise DcqlInvalid("two credential queries have the same id")
    sets = None
    if "credential_sets" in value:
        sets = tuple(_credential_set(entry, ids) for entry in _array(value, "credential_sets", MAX_SETS))
    return Query(credentials=credentials, credential_sets=sets, raw=value)


def _credential_query(value: object) -> CredentialQuery:
    entry = _object(value, "a credential query")
    query_id = _identifier(entry.get("id"), "credential query")
    format_id, meta = entry.get("format"), entry.get("meta")
    if not isinstance(format_id, str) or not format_id:
        raise DcqlInvalid(f"credential query {query_id} has no format")
    if not isinstance(meta, dict):
        raise DcqlInvalid(f"credential query {query_id} has no meta object")
    rules = DCQL_FORMATS.get(format_id)
    types = rules.types(meta) if rules else ()
    if types is None:
        raise DcqlInvalid(f"meta of credential query {query_id} does not fit its format")
    claims = None
    if "claims" in entry:
        claims = tuple(_claims_query(claim) for claim in _array(entry, "claims", MAX_CLAIMS))
        if rules and not all(rules.path_fits(claim.path) for claim in claims):
            raise DcqlInvalid(f"a claims path of credential query {query_id} does not fit its format")
    authorities = _array(entry, "trusted_authorities", MAX_SETS) if "trusted_authorities" in entry else []
    return CredentialQuery(
        id=query_id,
        format=format_id,
        meta=meta,
        types=types,
        multiple=_flag(entry, "multiple", False),
        require_holder_binding=_flag(entry, "require_cryptographic_holder_binding", True),
        trusted_authorities=tuple(_authorities(authority) for authority in authorities),
        claims=claims,
        claim_sets=_claim_sets(entry, claims),
    )


def _claims_query(value: object) -> ClaimsQuery:
    entry = _object(value, "a claims query")
    claim_id = _identifier(entry["id"], "claims query") if "id" in entry else None
    try:
        path = parse_path(entry.get("path"))
    except IdError as exc:
        raise DcqlInvalid(f"a claims query has a bad path: {exc.detail}") from exc
    values = None
    if "values" in entry:
        values = tuple(_array(entry, "values", MAX_VALUES))
        if not all(type(item) in (str, int, bool) for item in values):
            raise DcqlInvalid("values holds something else than strings, integers and booleans")
    retain = _flag(entry, "intent_to_retain", False) if "intent_to_retain" in entry else None
    return ClaimsQuery(id=claim_id, path=path, values=values, intent_to_retain=retain)


def _claim_sets(entry: Mapping[str, Any], claims: tuple[ClaimsQuery, ...] | None) -> tuple[tuple[str, ...], ...] | None:
    ids = [claim.id for claim in claims or () if claim.id is not None]
    if len(set(ids)) != len(ids):
        raise DcqlInvalid("two claims queries have the same id")
    if "claim_sets" not in entry:
        return None
    if claims is None:
        raise DcqlInvalid("claim_sets stands without claims")
    if len(ids) != len(claims):
        raise DcqlInvalid("with claim_sets every claims query needs an id")
    return tuple(_ids(option, ids, "claim_sets") for option in _array(entry, "claim_sets", MAX_SETS))


def _credential_set(value: object, ids: Sequence[str]) -> CredentialSet:
    entry = _object(value, "a credential set")
    options = tuple(_ids(option, ids, "credential_sets") for option in _array(entry, "options", MAX_SETS))
    return CredentialSet(options=options, required=_flag(entry, "required", True))


def _authorities(value: object) -> TrustedAuthorities:
    entry = _object(value, "a trusted authority")
    kind, values = entry.get("type"), _array(entry, "values", MAX_VALUES)
    if not isinstance(kind, str) or not all(isinstance(item, str) for item in values):
        raise DcqlInvalid("a trusted authority needs a type and strings as values")
    return TrustedAuthorities(type=kind, values=tuple(values))


def _object(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DcqlInvalid(f"{what} is not a JSON object")
    return value


def _array(entry: Mapping[str, Any], name: str, limit: int) -> list[Any]:
    value = entry.get(name)
    if not isinstance(value, list) or not value:
        raise DcqlInvalid(f"{name} is not a non-empty array")
    if len(value) > limit:
        raise DcqlInvalid(f"{name} has more than {limit} members")
    return value


def _flag(entry: Mapping[str, Any], name: str, default: bool) -> bool:
    value = entry.get(name, default)
    if not isinstance(value, bool):
        raise DcqlInvalid(f"{name} is neither true nor false")
    return value


def _identifier(value: object, what: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise DcqlInvalid(f"a {what} needs an id of letters, digits, _ and -")
    return value


def _ids(value: object, known: Sequence[str], what: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) for item in value):
        raise DcqlInvalid(f"{what} holds something else than non-empty arrays of ids")
    if not set(value) <= set(known) or len(set(value)) != len(value):
        raise DcqlInvalid(f"{what} names an id twice, or one that is not there")
    return tuple(value)
