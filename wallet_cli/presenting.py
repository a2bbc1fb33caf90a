"""From a verifier's link to an answer, and nothing before the yes (OpenID4VP 1.0; T55, T56, T61, T63, T92).

link -> request object, fetched and checked -> matched -> shown and agreed -> PIN -> [copies marked as
used, slot tied: on disk] -> presentation built and sent -> history -> quiet refill.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from credentials.formats import FORMATS
from credentials.openid.request import AuthorizationRequest, TransactionData
from credentials.openid.response import build_error_response, build_response, parse_response_answer
from did.errors import IdError
from did.signing import LocalSigner
from wallet_cli import copies as pools
from wallet_cli import receiving
from wallet_cli.client import need_json
from wallet_cli.consent import Question, Share, fits, purposes_of
from wallet_cli.errors import Phase, Unavailable, WalletError
from wallet_cli.files import Consent
from wallet_cli.gates import PIN_NAMES
from wallet_cli.model import Event, Role
from wallet_cli.selecting import choose, find_matches, selections, shares_of
from wallet_cli.text import clean

if TYPE_CHECKING:
    from wallet_cli.session import Session

TRANSACTION_HOLDERS: Final = frozenset({"signing", "mandate", "board-mandate", "tax-account", "benefit-entitlement"})


class KeyMisused(WalletError):
    """The request would use a key for what its role forbids."""

    code = "policy_not_met"


class NotConfirmable(WalletError):
    """The request binds a transaction to a credential that confirms none."""

    code = "transaction_mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an answer that was sent."""

    redirect_uri: str | None


# --- the answer that would be given --------------------------------------------------------------


def questions(session: "Session", request: AuthorizationRequest, consent: Consent | None) -> Question:
    """Return the question to put to the person: chosen by them, or the one way that the consent file allows.

    Raises NothingFits, NoCopyLeft, WalletError (sign key without a transaction).
    """
    found = find_matches(session, request)
    covering, beyond = purposes_of(request)
    source = _source(session)

    def question(shares: tuple[Share, ...]) -> Question:
        return Question(request=request, shares=shares, purposes=covering, beyond=beyond, source=source)

    if consent is not None:
        first: Question | None = None
        for selection in selections(found, request):
            candidate = question(shares_of(session, request, selection))
            first = first or candidate
            if fits(candidate, consent):
                return _usable(candidate)
        if first is not None:
            return _usable(first)
    return _usable(question(shares_of(session, request, choose(session, found, request))))


def _source(session: "Session") -> str:
    from wallet_cli.views import day

    fetched = [one.fetched_at for one in session.wallet.services if one.fetched_at is not None]
    return f"list of {day(max(fetched))}" if fetched else "no list"


def _usable(question: Question) -> Question:
    """Refuse what the roles of the keys forbid: a sign key signs transactions, it does not log in (S04)."""
    bound = {query_id for one in question.transactions for query_id in one.credential_ids}
    for share in question.shares:
        if share.credential.role == "sign" and share.query_id not in bound:
            raise KeyMisused(
                "This request wants your signing key without anything to sign.",
                why="That key signs; it does not show who you are.  Nothing left your wallet.",
                hint="tell the verifier to ask for e-residency instead",
            )
        if share.query_id in bound and share.credential.type not in TRANSACTION_HOLDERS:
            raise NotConfirmable(
                "This credential cannot confirm a transaction.",
                why=f"A {share.credential.type} shows who you are; it signs nothing.  Nothing left your wallet.",
                hint="tell the verifier to ask for your signing credential",
            )
    return question


# --- sending -------------------------------------------------------------------------------------


def refuse(session: "Session", request: AuthorizationRequest, *, what: str, purpose: str = "") -> None:
    """Tell the verifier that nothing is shared, the same words whatever the reason, and keep a history row (T66)."""
    body = build_error_response(request, "access_denied")
    with suppress(IdError):  # if it cannot be told, it finds out when its request runs out
        session.client.post_form(request.response_uri, body)
    _remember(session, request, what=what, purpose=purpose, outcome="refused", shares=())
    session.save()


def send(session: "Session", question: Question) -> Outcome:
    """Sign and send what was agreed to. Copies are marked as used, durably, before anything leaves."""
    signers = _signers(session, question.shares)
    _mark_used(session, question)
    vp_token = _presentations(session, question, signers)
    body = build_response(question.request, vp_token)
    session.phase = Phase("Not accepted", "What you agreed to was sent.  The copy counts as shown.")
    try:
        answer = session.client.post_form(question.request.response_uri, body)
    except Unavailable as exc:
        _finish(session, question, outcome="not known")
        exc.why = "It is not known whether the answer arrived.  The copy counts as shown."
        raise
    except IdError:
        _finish(session, question, outcome="not known")
        raise
    try:
        redirect_uri = parse_response_answer(need_json(answer), dev=session.wallet.dev)
    except IdError:
        _finish(session, question, outcome="not accepted")
        raise
    _finish(session, question, outcome="granted")
    return Outcome(redirect_uri=redirect_uri)


def _signers(session: "Session", shares: Sequence[Share]) -> dict[str, LocalSigner]:
    signers: dict[str, LocalSigner] = {}
    roles: list[Role] = sorted({share.credential.role for share in shares})
    for role in roles:
        if role == "sign" and session.wallet.gates["sign"].initial:
            raise WalletError(
                f"{PIN_NAMES[role]} is still the one you were given.",
                why="It has to be changed before the first signature.  Nothing left your wallet.",
                hint="wallet pin change pin2",
                code="policy_not_met",
            )
        opened = session.open_role(role)
        for share in shares:
            if share.credential.role == role:
                signers[share.copy.key] = session.gates.signer(opened, share.copy.key)
    return signers


def _mark_used(session: "Session", question: Question) -> None:
    now = session.now()
    for share in question.shares:
        if share.credential.single_use:
            share.copy.used_at = now
        if any(path[0] == pools.PAIRWISE_CLAIM for path in share.concrete) and share.copy.identifier:
            pools.tie(session.wallet, share.credential, share.copy.identifier, question.verifier_id)
    session.save()


def _presentations(session: "Session", question: Question, signers: Mapping[str, LocalSigner]) -> dict[str, list[str]]:
    request = question.request
    made: dict[str, list[str]] = {}
    for share in question.shares:
        entry = request.query.credential(share.query_id)
        bound = entry is None or entry.require_holder_binding
        transactions = [one for one in request.transaction_data if share.query_id in one.credential_ids]
        presentation = FORMATS[share.credential.format].present(
            share.copy.text,
            disclose=share.concrete,
            signer=signers[share.copy.key] if bound else None,
            audience=request.client_id,
            nonce=request.nonce,
            now=session.now(),
            transaction_data=[one.encoded for one in transactions],
            transaction_data_alg=_hash_alg(transactions),
        )
        made.setdefault(share.query_id, []).append(presentation)
    return made


def _hash_alg(transactions: Sequence[TransactionData]) -> str | None:
    """The hash to name in the answer: ours, where the request offered a choice (appendix B.3.3.1)."""
    return "sha-256" if any("transaction_data_hashes_alg" in one.data for one in transactions) else None


def _finish(session: "Session", question: Question, *, outcome: str) -> None:
    """Put the history row down, and forget the copies that were shown."""
    purpose = question.purposes[0] if question.purposes else None
    label = clean(purpose.label(session.services.languages), limit=60) if purpose is not None else ""
    counts = ", ".join(f"{share.credential.type}: {_claims(len(share.asked))}" for share in question.shares)
    _remember(session, question.request, what=counts, purpose=label, outcome=outcome, shares=question.shares)
    for share in question.shares:
        pools.prune(session.wallet, share.credential)
    session.save()


def _remember(
    session: "Session",
    request: AuthorizationRequest,
    *,
    what: str,
    purpose: str,
    outcome: str,
    shares: Sequence[Share],
) -> None:
    agency = request.verifier.agency
    name = agency.name(session.services.languages) if agency is not None else request.verifier.name
    session.wallet.history.append(
        Event(
            at=session.now(),
            kind="presented",
            who=clean(name, limit=60),
            who_id=request.verifier.did or request.client_id,
            what=what,
            purpose=purpose,
            outcome=outcome,
            request=request.response_uri.rsplit("/", 1)[-1],
            claims=[(share.credential.type, list(path)) for share in shares for path in share.asked],
        )
    )


def _claims(number: int) -> str:
    return f"{number} claim{'' if number == 1 else 's'}"


# --- afterwards ----------------------------------------------------------------------------------


def refill_quietly(session: "Session", shares: Sequence[Share]) -> bool:
    """Fetch new copies where they run low, under the PIN just given; no failure of it concerns the presentation."""
    if not session.role_is_open("auth"):
        return False
    wanted = []
    for credential in {share.credential.id: share.credential for share in shares}.values():
        wanted += [(credential, identifier) for identifier in pools.needs_refill(session.wallet, credential)]
    if not wanted:
        return False
    try:
        receiving.resume(session, ask=False)
        receiving.refill(session, wanted)
    except IdError:
        return False
    return True
