"""What an agency is registered to ask for, and whether a query stays within it (T61; OpenID4VP 15.3, 15.4)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from credentials.claims import ClaimPath
from credentials.openid.dcql import Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """A registered purpose. `claims`: credential type -> the claim paths that may be asked of it (`null` = any item;
    an empty tuple = the credential without claims). `everything` lifts the limit. `labels`: language -> words."""

    id: str
    labels: Mapping[str, str]
    claims: Mapping[str, tuple[ClaimPath, ...]]
    everything: bool = False
    transaction_data_types: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Return the member of the signed list's `purposes`."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedClaim:
    """One claim that a query asks of one type; `path` None = the credential itself, with no claim.

    `type` None = the query does not say which type."""

    query_id: str
    type: str | None
    path: ClaimPath | None


def parse_purpose(value: object) -> Purpose:
    """Return the purpose in a decoded JSON value. Raises Malformed."""
    raise NotImplementedError


def requested_claims(query: Query) -> tuple[RequestedClaim, ...]:
    """Return all that a query might obtain: every credential query, every claim, every type it allows."""
    raise NotImplementedError


def over_asking(query: Query, purposes: Iterable[Purpose]) -> tuple[RequestedClaim, ...]:
    """Return what the query asks beyond the union of `purposes`; an empty tuple means that it may be asked."""
    raise NotImplementedError


def check_purpose(query: Query, purposes: Sequence[Purpose], *, transaction_data_types: Iterable[str] = ()) -> None:
    """Raise OverAsking (code `over_asking`), naming each path, when the query goes beyond the purposes."""
    raise NotImplementedError
