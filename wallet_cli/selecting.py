"""Which of the wallet's credentials answer a query, and which copies of them would be shown.

The matching is credentials/openid/dcql's; here its candidates become choices: by the person where
there are several, by the consent file in scripts, and by the rules of single use everywhere.
"""

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import TYPE_CHECKING, Final

from credentials.formats import FORMATS
from credentials.openid.dcql import Candidate, HeldCredential, Match, match
from credentials.openid.request import AuthorizationRequest
from credentials.type_metadata import load
from did.errors import IdError
from wallet_cli import copies as pools
from wallet_cli.consent import Share
from wallet_cli.errors import NothingFits, WalletError
from wallet_cli.holdings import holding
from wallet_cli.model import Copy, Credential

if TYPE_CHECKING:
    from wallet_cli.session import Session

Selection = Mapping[str, tuple[Candidate, ...]]
MAX_SELECTIONS: Final = 64


def find_matches(session: "Session", request: AuthorizationRequest) -> Match:
    """Match the query against the wallet. Raises NothingFits."""
    held = [one for one in (_held(session, credential) for credential in _in_force(session)) if one]
    found = match(request.query, held)
    if not found.satisfiable:
        raise NothingFits(
            "Your wallet holds nothing that answers this request.",
            why="The verifier was told only that nothing is shared.",
            hint="wallet list shows what you hold",
        )
    return found


def _in_force(session: "Session") -> list[Credential]:
    """The credentials to answer with, newest first; one that is known to be over gives way to another of its type."""
    newest = sorted(session.wallet.credentials, key=lambda one: one.received_at, reverse=True)
    good = {one.id for one in newest if holding(session, one).state in ("valid", "pin2_initial")}
    replaced = {(one.vct, one.issuer) for one in newest if one.id in good}
    return [one for one in newest if one.id in good or (one.vct, one.issuer) not in replaced]


def _held(session: "Session", credential: Credential) -> HeldCredential | None:
    if not credential.copies:
        return None
    parsed = FORMATS[credential.format].parse(credential.copies[0].text)
    return HeldCredential(
        id=credential.id,
        format=credential.format,
        types=(credential.vct, *_lineage(session, credential.vct)),
        claims=parsed.unverified_claims,
        akis=frozenset(parsed.authority_key_ids),
        holder_bound=parsed.holder_key is not None,
    )


def _lineage(session: "Session", vct: str) -> tuple[str, ...]:
    kept = session.wallet.types

    def known(name: str) -> bytes | None:
        return kept[name].body.encode() if name in kept else None

    try:
        return load(vct, get=known).lineage
    except IdError:
        return ()


def selections(found: Match, request: AuthorizationRequest) -> Iterator[Selection]:
    """Every way to answer: options of sets, optional sets with and without, candidates of each query."""
    options: list[list[tuple[str, ...]]] = []
    for choice in found.choices:
        ways = list(choice.options)
        options.append(ways if choice.required else [*ways, ()])
    for picked in islice(product(*options), MAX_SELECTIONS):
        ids = list(dict.fromkeys(query_id for option in picked for query_id in option))
        per_query = [_ways(found, request, query_id) for query_id in ids]
        for chosen in islice(product(*per_query), MAX_SELECTIONS):
            yield dict(zip(ids, chosen, strict=True))


def _ways(found: Match, request: AuthorizationRequest, query_id: str) -> list[tuple[Candidate, ...]]:
    candidates = found.candidates[query_id]
    entry = request.query.credential(query_id)
    if entry is not None and entry.multiple and len(candidates) > 1:
        return [candidates]
    return [(candidate,) for candidate in candidates]


def choose(session: "Session", found: Match, request: AuthorizationRequest) -> Selection:
    """Have the person choose where there is a choice; with nobody to ask, the first way that is required."""
    chosen: dict[str, tuple[Candidate, ...]] = {}
    for choice in found.choices:
        option = _choose_option(session, found, choice.options, required=choice.required)
        for query_id in option:
            if query_id not in chosen:
                chosen[query_id] = _choose_candidate(session, _ways(found, request, query_id))
    return chosen


def _choose_option(
    session: "Session", found: Match, options: tuple[tuple[str, ...], ...], *, required: bool
) -> tuple[str, ...]:
    if not options:
        return ()
    if session.talk.no_input:
        return options[0] if required else ()
    names = [", ".join(_names(session, found, query_id) for query_id in option) for option in options]
    if required and len(options) == 1:
        return options[0]
    if required:
        return options[session.talk.choose("Which of these will you show?", names, option="--consent-file")]
    answer = session.talk.choose(
        "They would also take one of these; you need not.", [*names, "none of them"], option="--consent-file"
    )
    return (*options, ())[answer]


def _choose_candidate(session: "Session", ways: list[tuple[Candidate, ...]]) -> tuple[Candidate, ...]:
    if len(ways) == 1 or session.talk.no_input:
        return ways[0]
    names = [f"{way[0].held_id}  {_credential(session, way[0].held_id).type}" for way in ways]
    return ways[session.talk.choose("Several fit.  Which one will you show?", names, option="--consent-file")]


def _names(session: "Session", found: Match, query_id: str) -> str:
    return " or ".join(
        dict.fromkeys(_credential(session, one.held_id).type for one in found.candidates.get(query_id, ()))
    )


def _credential(session: "Session", credential_id: str) -> Credential:
    return next(one for one in session.wallet.credentials if one.id == credential_id)


# --- copies --------------------------------------------------------------------------------------


def shares_of(session: "Session", request: AuthorizationRequest, selection: Selection) -> tuple[Share, ...]:
    """Turn a selection into copies to show, each used once. Raises NoCopyLeft, CredentialExpired."""
    taken: list[Copy] = []
    shares: list[Share] = []
    for query_id, candidates in selection.items():
        for candidate in candidates:
            credential = _credential(session, candidate.held_id)
            pairwise = any(path[0] == pools.PAIRWISE_CLAIM for path in candidate.disclose)
            verifier = request.verifier.did or request.client_id
            copy = pools.pick(session.wallet, credential, pairwise_for=verifier if pairwise else None, taken=taken)
            _check_time(session, credential, copy)
            taken.append(copy)
            shares.append(
                Share(
                    query_id=query_id,
                    credential=credential,
                    copy=copy,
                    asked=candidate.disclose,
                    concrete=candidate.concrete,
                )
            )
    return tuple(shares)


def _check_time(session: "Session", credential: Credential, copy: Copy) -> None:
    if copy.valid_until is not None and copy.valid_until <= session.now():
        raise WalletError(
            f"Your copies of {credential.type} have run out.",
            why="A verifier would refuse them.  Nothing left your wallet.",
            hint=f"wallet refresh {credential.id}",
            code="credential_expired",
        )
