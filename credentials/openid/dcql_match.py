"""DCQL evaluated: which held credentials answer a query, and whether verified credentials do.

OpenID4VP 1.0 sections 6.4, 7 and 8.6. The claims path is read strictly here: a wrong container anywhere on the way
means that the claim is not there (section 7.1).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.claims import ClaimPath, ConcretePath, covers, format_path
from credentials.errors import (
    ClaimMissing,
    ClaimUnrequested,
    HolderBindingInvalid,
    QueryUnsatisfied,
    TypeUnexpected,
)
from credentials.openid.dcql_query import ClaimsQuery, CredentialQuery, Query


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
    concrete: tuple[ConcretePath, ...]


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
        if not self.satisfiable:
            raise QueryUnsatisfied(
                "no credential in the wallet answers the request", hint="Obtain the credential, then try again."
            )
        chosen = (choice.options[0] for choice in self.choices if choice.options and (choice.required or optional))
        return {query_id: self.candidates[query_id][0] for option in chosen for query_id in option}


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedView:
    """One verified credential of an answer, as DCQL sees it. `types` as in HeldCredential; `disclosed` = paths that
    came by disclosure (SD-JWT) or as elements (mdoc), at issued array positions; empty for formats without any.
    `positions`: path of an array with hidden items -> the issued position of each item that is in `claims`."""

    format: str
    types: tuple[str, ...]
    claims: Mapping[str, Any] = field(repr=False)
    disclosed: tuple[ConcretePath, ...] = ()
    akis: frozenset[str] = frozenset()
    holder_bound: bool = True
    positions: Mapping[ConcretePath, Sequence[int]] = field(default_factory=dict)


# --- match ---------------------------------------------------------------------------------------


def match(query: Query, held: Sequence[HeldCredential]) -> Match:
    """Return which held credentials answer which credential query, and what each would disclose. Section 6.4."""
    candidates: dict[str, tuple[Candidate, ...]] = {}
    for entry in query.credentials:
        found = tuple(candidate for one in held if (candidate := _candidate(entry, one)) is not None)
        if found:
            candidates[entry.id] = found
    choices = tuple(
        SetChoice(
            required=one.required,
            options=tuple(option for option in one.options if all(query_id in candidates for query_id in option)),
        )
        for one in query.sets
    )
    satisfiable = all(choice.options for choice in choices if choice.required) and any(
        choice.options for choice in choices
    )
    return Match(satisfiable=satisfiable, candidates=candidates, choices=choices)


def _candidate(entry: CredentialQuery, held: HeldCredential) -> Candidate | None:
    if (
        entry.format != held.format
        or not _types_fit(entry, held.types)
        or not _authority_fits(entry, held.akis)
        or (entry.require_holder_binding and not held.holder_bound)
    ):
        return None
    for group in entry.selections:
        found = [_resolve(claim, held.claims, {}, ()) for claim in group]
        if all(found):
            return Candidate(
                held_id=held.id,
                disclose=tuple(claim.path for claim in group),
                concrete=tuple(dict.fromkeys(path for paths in found for path in paths)),
            )
    return None


def _types_fit(entry: CredentialQuery, types: Sequence[str]) -> bool:
    return any(all(kind in types for kind in alternative) for alternative in entry.types)


def _authority_fits(entry: CredentialQuery, akis: frozenset[str]) -> bool:
    """Other kinds than `aki` name lists that we do not read: they match nothing."""
    wanted = entry.trusted_authorities
    return not wanted or any(one.type == "aki" and not akis.isdisjoint(one.values) for one in wanted)


def _resolve(
    claim: ClaimsQuery,
    claims: Mapping[str, Any],
    positions: Mapping[ConcretePath, Sequence[int]],
    disclosed: Sequence[ConcretePath],
) -> list[ConcretePath]:
    """Return the concrete paths (issued positions) that `claim` selects and whose value will do; empty = not there."""
    if claim.plain is not None:
        return _resolve_plain(claim, claim.plain, claims)
    selected: list[tuple[ConcretePath, Any]] = [((), claims)]
    for part in claim.path:
        step: list[tuple[ConcretePath, Any]] = []
        for at, value in selected:
            if isinstance(part, str):
                if not isinstance(value, dict):
                    return []
                step.extend([((*at, part), value[part])] if part in value else [])
            else:
                if not isinstance(value, list):
                    return []
                issued = positions.get(at) or _issued_positions(at, len(value), disclosed)
                items = zip(issued, value, strict=False)
                step.extend(((*at, index), item) for index, item in items if part is None or part == index)
        selected = step
    if claim.values is None:
        return [at for at, _ in selected]
    return [at for at, value in selected if any(type(value) is type(one) and value == one for one in claim.values)]


def _resolve_plain(claim: ClaimsQuery, path: tuple[str, ...], claims: Mapping[str, Any]) -> list[ConcretePath]:
    """The same for a path of names only, as most are, without building lists on the way."""
    value: Any = claims
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return []
        value = value[part]
    if claim.values is None or any(type(value) is type(one) and value == one for one in claim.values):
        return [path]
    return []


def _issued_positions(at: ConcretePath, length: int, disclosed: Sequence[ConcretePath]) -> Sequence[int]:
    """Return where the items of an array stood when it was issued.

    When every item that is there came by disclosure, the disclosures tell; otherwise none is hidden.
    """
    depth = len(at)
    shown = sorted(
        path[-1] for path in disclosed if len(path) == depth + 1 and path[:-1] == at and type(path[-1]) is int
    )
    return shown if len(shown) == length else range(length)


# --- check ---------------------------------------------------------------------------------------


def check_answer(query: Query, answer: Mapping[str, Sequence[VerifiedView]]) -> None:
    """See that verified credentials answer the whole query and hold nothing that it did not ask for (T27, T58).

    Raises TypeUnexpected, ClaimMissing (absent, or another value than asked), ClaimUnrequested, HolderBindingInvalid
    or QueryUnsatisfied. OpenID4VP 8.6 and 6.4.
    """
    for query_id, views in answer.items():
        entry = query.asked.get(query_id)
        if entry is None:
            raise QueryUnsatisfied("the answer holds a credential that was not asked for", hint=_HINT)
        if len(views) != 1 and not (views and entry.multiple):
            raise QueryUnsatisfied(f"credential query {query_id} takes exactly one credential", hint=_HINT)
        for view in views:
            _check_view(entry, view)
    for one in query.sets:
        if one.required and not any(all(query_id in answer for query_id in option) for option in one.options):
            raise QueryUnsatisfied("a credential that was asked for is missing from the answer", hint=_HINT)


_HINT = "Present again with the credentials and claims that the request names."


def _check_view(entry: CredentialQuery, view: VerifiedView) -> None:
    if view.format != entry.format or not _types_fit(entry, view.types):
        raise TypeUnexpected(f"credential query {entry.id} asks for another type of credential", hint=_HINT)
    if entry.require_holder_binding and not view.holder_bound:
        raise HolderBindingInvalid(f"credential query {entry.id} asks for a proof of the holder key", hint=_HINT)
    if not _authority_fits(entry, view.akis):
        raise QueryUnsatisfied(f"the issuer's authority is not one that credential query {entry.id} names", hint=_HINT)
    _check_claims(entry, view)
    for path in view.disclosed:
        if path not in entry.paths and not any(_belongs(path, one) for one in entry.paths):
            raise ClaimUnrequested(f"{format_path(path)} was disclosed but not asked for", hint=_HINT)


def _check_claims(entry: CredentialQuery, view: VerifiedView) -> None:
    missing: list[ClaimPath] = []
    for group in entry.selections:
        absent = [claim.path for claim in group if not _resolve(claim, view.claims, view.positions, view.disclosed)]
        if not absent:
            return
        missing = missing or absent
    names = ", ".join(format_path(path) for path in missing)
    raise ClaimMissing(f"not in the answer, or not with a value that was asked for: {names}", hint=_HINT)


def _belongs(disclosed: ConcretePath, requested: ClaimPath) -> bool:
    """Tell whether a disclosure is part of what was asked for, or a container on the way to it."""
    if covers(requested, disclosed):
        return True
    return len(disclosed) < len(requested) and all(
        wanted == part or (wanted is None and type(part) is int)
        for wanted, part in zip(requested, disclosed, strict=False)
    )
