"""What an agency is registered to ask for, and whether a query stays within it (T61; OpenID4VP 15.3, 15.4)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from credentials.claims import ClaimPath, format_path, parse_path
from credentials.errors import CredentialError, Malformed
from credentials.openid.dcql_query import Query

_DURATION: Final = re.compile(
    r"P(?=.)(\d{1,4}Y)?(\d{1,4}M)?(\d{1,4}W)?(\d{1,5}D)?(T(?=.)(\d{1,5}H)?(\d{1,5}M)?(\d{1,5}S)?)?"
)


class OverAsking(CredentialError):
    """A request goes beyond what its verifier is registered to ask for."""

    code = "over_asking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A registered purpose. `claims`: credential type -> the claim paths that may be asked of it (`null` = any item;
    an empty tuple = the credential without claims). `everything` lifts the limit. `labels`: language -> words.
    `retention`: how long the agency keeps what it gets, an ISO 8601 duration, `PT0S` for not at all."""

    id: str
    labels: Mapping[str, str]
    claims: Mapping[str, tuple[ClaimPath, ...]]
    retention: str = "PT0S"
    everything: bool = False
    transaction_data_types: frozenset[str] = frozenset()

    def label(self, languages: Sequence[str]) -> str:
        """Return the words for the first of `languages` there are, else the first there are, else the id."""
        found = [self.labels[language] for language in languages if language in self.labels]
        return (found or [*self.labels.values(), self.id])[0]

    def to_json(self) -> dict[str, Any]:
        """Return the member of the signed list's `purposes`."""
        return {
            "id": self.id,
            "labels": dict(self.labels),
            "claims": {kind: [list(path) for path in paths] for kind, paths in self.claims.items()},
            "retention": self.retention,
            "everything": self.everything,
            "transaction_data_types": sorted(self.transaction_data_types),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaim:
    """One claim that a query asks of one type; `path` None = the credential itself, with no claim.

    `type` None = the format is not known, so nothing says which type."""

    query_id: str
    type: str | None
    path: ClaimPath | None


def parse_purpose(value: object) -> Purpose:
    """Return the purpose in a decoded JSON value. Raises Malformed."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str) or not value["id"]:
        raise Malformed("a purpose is a JSON object with an id")
    labels, claims, everything = value.get("labels", {}), value.get("claims", {}), value.get("everything", False)
    types, retention = value.get("transaction_data_types", []), value.get("retention", "PT0S")
    if not isinstance(labels, dict) or not all(isinstance(words, str) for words in labels.values()):
        raise Malformed("labels of a purpose map languages to words")
    if not isinstance(claims, dict) or not all(isinstance(paths, list) for paths in claims.values()):
        raise Malformed("claims of a purpose map credential types to arrays of claims paths")
    if not isinstance(everything, bool):
        raise Malformed("everything of a purpose is true or false")
    if not isinstance(retention, str) or not _DURATION.fullmatch(retention):
        raise Malformed("retention of a purpose is not an ISO 8601 duration")
    if not isinstance(types, list) or not all(isinstance(kind, str) for kind in types):
        raise Malformed("transaction_data_types of a purpose is an array of strings")
    return Purpose(
        id=value["id"],
        labels=labels,
        claims={kind: tuple(parse_path(path) for path in paths) for kind, paths in claims.items()},
        retention=retention,
        everything=everything,
        transaction_data_types=frozenset(types),
    )


def requested_claims(query: Query) -> tuple[RequestedClaim, ...]:
    """Return all that a query might obtain: every credential query, every claim, every type it allows."""
    found: list[RequestedClaim] = []
    for entry in query.credentials:
        types: list[str | None] = list(dict.fromkeys(kind for alternative in entry.types for kind in alternative))
        types = types or [None]
        paths: Iterable[ClaimPath | None] = [claim.path for claim in entry.claims] if entry.claims else [None]
        found.extend(RequestedClaim(query_id=entry.id, type=kind, path=path) for kind in types for path in paths)
    return tuple(found)


def over_asking(query: Query, purposes: Iterable[Purpose]) -> tuple[RequestedClaim, ...]:
    """Return what the query asks beyond the union of `purposes`; an empty tuple means that it may be asked."""
    allowed = tuple(purposes)
    if any(purpose.everything for purpose in allowed):
        return ()
    return tuple(wanted for wanted in requested_claims(query) if not any(_allows(one, wanted) for one in allowed))


def check_purpose(query: Query, purposes: Sequence[Purpose], *, transaction_data_types: Iterable[str] = ()) -> None:
    """Raise OverAsking (code `over_asking`), naming each path, when the query goes beyond the purposes."""
    hint = "Ask only for what the registration allows, or have the registration extended."
    beyond = over_asking(query, purposes)
    if beyond:
        names = ", ".join(
            sorted({f"{one.query_id}: {format_path(one.path) if one.path else one.type}" for one in beyond})
        )
        raise OverAsking(f"not registered for any purpose of this verifier: {names}", hint=hint)
    for kind in transaction_data_types:
        if not any(one.everything or kind in one.transaction_data_types for one in purposes):
            raise OverAsking(f"transaction data of type {kind} is not registered for this verifier", hint=hint)


def _allows(purpose: Purpose, wanted: RequestedClaim) -> bool:
    paths = purpose.claims.get(wanted.type) if wanted.type is not None else None
    if paths is None:
        return False
    return wanted.path is None or any(_includes(path, wanted.path) for path in paths)


def _includes(registered: ClaimPath, wanted: ClaimPath) -> bool:
    """Tell whether all that `wanted` selects lies at or below `registered`; `null` includes every index."""
    return len(registered) <= len(wanted) and all(
        have == want or (have is None and type(want) is int) for have, want in zip(registered, wanted, strict=False)
    )
