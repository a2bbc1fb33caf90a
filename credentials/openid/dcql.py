"""DCQL (OpenID4VP 1.0 section 6): parse a query, match it against a wallet, check an answer to it.

Which claims a query asks for, and whether an agency may ask for them, is in purposes.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.claims import ClaimPath
from credentials.openid.errors import ProtocolError

Value = str | int | bool


class DcqlInvalid(ProtocolError):
    """The query is not a DCQL query (`invalid_request`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimsQuery:
    """One member of `claims`: a path, and the values that would do (section 6.3)."""

    id: str | None
    path: ClaimPath
    values: tuple[Value, ...] | None = None
    intent_to_retain: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedAuthorities:
    """One member of `trusted_authorities`; any of the values, and any of the members, will do (section 6.1.1)."""

    type: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialQuery:
    """One member of `credentials` (section 6.1). `types` are the alternatives `meta` allows: each is a set of types
    that must all be there (one `vct` or doctype, or several expanded W3C types); empty = any type."""

    id: str
    format: str
    meta: Mapping[str, Any]
    types: tuple[tuple[str, ...], ...]
    multiple: bool = False
    require_holder_binding: bool = True
    trusted_authorities: tuple[TrustedAuthorities, ...] = ()
    claims: tuple[ClaimsQuery, ...] | None = None
    claim_sets: tuple[tuple[str, ...], ...] | None = None


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

    def credential(self, query_id: str) -> CredentialQuery | None:
        """Return the credential query of that id."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCredential:
    """What a wallet knows about one credential. `types` = `vct` and what it extends, the doctype, or the expanded
    types; `akis` = base64url key identifiers of the issuer's chain; `claims` in full."""

    id: str
    format: str
    types: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    akis: frozenset[str] = frozenset()
    holder_bound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A held credential that answers a credential query. `disclose` = paths as the query wrote them; `concrete` =
    the same with `null` resolved to the indexes whose value will do: the least that answers."""

    held_id: str
    disclose: tuple[ClaimPath, ...]
    concrete: tuple[ClaimPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetChoice:
    """One credential set (or the whole query, if it has none) with the options that this wallet can fulfil."""

    required: bool
    options: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a wallet can answer. `candidates` leaves out ids without one; `choices` in the order of the query."""

    satisfiable: bool
    candidates: Mapping[str, tuple[Candidate, ...]]
    choices: tuple[SetChoice, ...]

    def first_selection(self, *, optional: bool = False) -> dict[str, Candidate]:
        """Return query id -> candidate: the first option of each required set (and optional ones, if asked).

        Raises QueryUnsatisfied when the query cannot be satisfied: then nothing may be sent.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedView:
    """One verified credential of an answer, as DCQL sees it. `types` as in HeldCredential; `disclosed` = paths that
    came by disclosure (SD-JWT) or as elements (mdoc), at issued array positions; empty for formats without any."""

    format: str
    types: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    disclosed: tuple[ClaimPath, ...] = ()
    akis: frozenset[str] = frozenset()
    holder_bound: bool = True


def parse_query(value: object) -> Query:
    """Return the query in a decoded JSON value. Unknown members are ignored. Raises DcqlInvalid. Section 6."""
    raise NotImplementedError


def match(query: Query, held: Sequence[HeldCredential]) -> Match:
    """Return which held credentials answer which credential query, and what each would disclose. Section 6.4."""
    raise NotImplementedError


def check_answer(query: Query, answer: Mapping[str, Sequence[VerifiedView]]) -> None:
    """See that verified credentials answer the whole query and hold nothing that it did not ask for (T27, T58).

    Raises TypeUnexpected, ClaimMissing (absent, or another value than asked), ClaimUnrequested, HolderBindingInvalid
    or QueryUnsatisfied. OpenID4VP 8.6 and 6.4.
    """
    raise NotImplementedError
