"""What would leave the wallet, to whom and why: shown, and agreed to or not (T61, T92).

The screen is made from the checked request and from what would really be sent; there is no other
way to a presentation than through `agree`. What goes beyond the verifier's registration is shown
and refused: a person who is hurried must not be the last defence.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from credentials.claims import ClaimPath, ConcretePath, covers, format_path, select
from credentials.formats import FORMATS
from credentials.formats.base import ParsedCredential
from credentials.openid.purposes import Purpose, RequestedClaim, over_asking
from credentials.openid.request import AuthorizationRequest, TransactionData
from credentials.openid.session_words import session_words
from wallet_cli.errors import Refused, WalletError
from wallet_cli.files import Consent
from wallet_cli.labels import claim_label, in_type_order, type_metadata
from wallet_cli.model import Copy, Credential
from wallet_cli.offering import short_type
from wallet_cli.text import WIDTH, clean, facts, pad, width, wrap
from wallet_cli.views import joined, value_text

if TYPE_CHECKING:
    from wallet_cli.session import Session

PORTRAIT_CLAIMS: Final = frozenset({"picture", "portrait", "photo"})
HEALTH_TYPES: Final = frozenset({"health-check", "health-record"})
_ANEW: Final = "start again on the page if you change your mind; this request is over"
_DURATION: Final = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?")
_UNITS: Final = ("year", "month", "week", "day", "hour", "minute", "second")


class OverAsking(WalletError):
    """The verifier asks for what it is not registered to ask."""

    code = "over_asking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One credential query's answer: which copy, and which of its claims. `asked` as the query wrote them."""

    query_id: str
    credential: Credential
    copy: Copy
    asked: tuple[ClaimPath, ...]
    concrete: tuple[ConcretePath, ...]

    @property
    def parsed(self) -> ParsedCredential:
        """What the copy says."""
        return FORMATS[self.credential.format].parse(self.copy.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A checked request and the answer that would be given to it."""

    request: AuthorizationRequest
    shares: tuple[Share, ...]
    purposes: tuple[Purpose, ...]
    beyond: tuple[RequestedClaim, ...]
    source: str

    @property
    def verifier_id(self) -> str:
        """Who asks, as history and consent files name it: the DID, else the full client identifier."""
        return self.request.verifier.did or self.request.client_id

    @property
    def transactions(self) -> tuple[TransactionData, ...]:
        """What would be confirmed with it."""
        return self.request.transaction_data

    @property
    def sensitive(self) -> bool:
        """Whether a portrait or health facts would leave the wallet."""
        return any(
            share.credential.type in HEALTH_TYPES or any(path[0] in PORTRAIT_CLAIMS for path in share.concrete)
            for share in self.shares
        )

    @property
    def shown_before(self) -> bool:
        """Whether a copy would be shown a second time."""
        return any(share.copy.used_at is not None for share in self.shares)

    def claims_by_type(self) -> dict[str, frozenset[ClaimPath]]:
        """What is asked of each type, as a consent file names it."""
        found: dict[str, frozenset[ClaimPath]] = {}
        for share in self.shares:
            found[share.credential.type] = found.get(share.credential.type, frozenset()) | frozenset(share.asked)
        return found

    def disclosed(self) -> list[list[str | int | None]]:
        """The paths that would be disclosed, for JSON."""
        return [list(path) for share in self.shares for path in share.asked]


def purposes_of(request: AuthorizationRequest) -> tuple[tuple[Purpose, ...], tuple[RequestedClaim, ...]]:
    """Return the registered purposes that cover the query, narrowest first, and what no purpose covers."""
    agency = request.verifier.agency
    if agency is None:
        return (), ()
    kinds = {one.type for one in request.transaction_data}
    covering = [
        one
        for one in agency.purposes
        if not over_asking(request.query, [one]) and (one.everything or kinds <= one.transaction_data_types)
    ]
    covering.sort(key=lambda one: (one.everything, sum(len(paths) for paths in one.claims.values())))
    return tuple(covering), over_asking(request.query, agency.purposes)


# --- the screen ----------------------------------------------------------------------------------


def screen(session: "Session", question: Question) -> list[str]:
    """Return everything a person needs to decide, in at most 80 columns."""
    request, agency = question.request, question.request.verifier.agency
    languages = session.services.languages
    name = clean(agency.name(languages) if agency is not None else request.verifier.name, limit=60)
    registered = f"registered, {question.source}" if agency is not None else "! not registered; added by you"
    lines = wrap(f"{name}  {clean(question.verifier_id, limit=120)}  {registered}")
    rows = [("Words on both screens", session_words(request.client_id, request.nonce))]
    purpose = question.purposes[0] if question.purposes else None
    words = clean(purpose.label(languages), limit=80) if purpose is not None else "not registered"
    policy = clean(agency.policy_url.removeprefix("https://"), limit=120) if agency and agency.policy_url else ""
    if policy and width(policy) <= WIDTH - 24 - 23 - 8 and width(words) <= 21:
        rows.append(("Purpose", f"{pad(words, 23)}Policy  {policy}"))
    else:
        rows += [("Purpose", words), *([("Policy", policy)] if policy else [])]
    lines += facts(rows, label_columns=24)
    for share in question.shares:
        lines += _share_lines(session, share)
    for transaction in question.transactions:
        lines += _transaction_lines(transaction)
    lines += facts([("They keep", retention_words(purpose))], label_columns=24)
    if question.shown_before:
        lines += wrap("! This copy was shown before: the two visits can be put together.")
    for beyond in question.beyond:
        what = format_path(beyond.path) if beyond.path is not None else "the whole credential"
        kind = f"{short_type(beyond.type)}: " if beyond.type else ""
        lines += wrap(f"! Not in its registration: {clean(kind + what, limit=120)}", indent=2)
    return lines


def _share_lines(session: "Session", share: Share) -> list[str]:
    parsed, metadata = share.parsed, type_metadata(session, share.credential.vct)
    number = f", copy {share.copy.number} of {share.copy.batch}" if share.copy.batch > 1 else ""
    lines = [f"They will get (from {clean(share.credential.type, limit=40)}{number})"]
    if not share.concrete:
        lines.append("  only that you hold it")
    rows = []
    for path in share.concrete:
        for value in select(path, parsed.unverified_claims):
            rows.append((f"  {claim_label(session, metadata, path)}", value_text(value, session.wallet.language)))
    lines += facts(rows, label_columns=24)
    hidden = hidden_labels(session, share, parsed)
    if hidden:
        lines += facts([("They will not get", joined(hidden))], label_columns=24)
    return lines


def hidden_labels(session: "Session", share: Share, parsed: ParsedCredential) -> list[str]:
    """The labels of what stays in the wallet: each top-level claim of which nothing is disclosed."""
    metadata = type_metadata(session, share.credential.vct)
    tops = in_type_order(metadata, [path[0] for path in parsed.disclosable])
    kept = [top for top in tops if not any(covers((top,), path) for path in share.concrete)]
    labels = (claim_label(session, metadata, (top,)) for top in kept)
    return [label[:1].lower() + label[1:] if not label[:2].isupper() else label for label in labels]


def _transaction_lines(transaction: TransactionData) -> list[str]:
    rows = [
        (f"  {clean(name.replace('_', ' ').capitalize(), limit=20)}", value_text(value))
        for name, value in transaction.data.items()
        if name not in ("type", "credential_ids", "transaction_data_hashes_alg")
    ]
    return [f"You confirm ({clean(transaction.type, limit=40)})", *facts(rows, label_columns=24)]


def retention_words(purpose: Purpose | None) -> str:
    """How long a verifier keeps what it gets, as it registered."""
    if purpose is None:
        return "not known"
    found = _DURATION.fullmatch(purpose.retention)
    parts = [
        f"{int(number)} {unit}{'' if int(number) == 1 else 's'}"
        for number, unit in zip(found.groups() if found else (), _UNITS, strict=False)
        if number and int(number)
    ]
    return f"what they get, for {' and '.join(parts)}" if parts else "nothing"


# --- the decision --------------------------------------------------------------------------------


def agree(session: "Session", question: Question, consent: Consent | None) -> None:
    """Return only if exactly this was agreed to: by the person at the screen, or beforehand in the consent file.

    Raises OverAsking, Refused (nothing was sent), MissingInput where nobody can be asked.
    """
    if question.beyond:
        raise OverAsking(
            "This request goes beyond what the verifier is registered to ask for.",
            why="It was refused, and nothing left your wallet.",
            hint="tell the verifier; it has to ask again within its registration",
        )
    if consent is not None:
        _hold_against(question, consent)
        return
    session.talk.ask_yes(
        "Same words there, and send this? Type yes or no:",
        option="--consent-file",
        refusal="You did not agree.",
        hint=_ANEW,
    )
    if question.sensitive:
        session.talk.ask_yes(
            "It holds your portrait or facts about health. Send that too? Type yes or no:",
            option="--consent-file (portrait_and_health)",
            refusal="You did not agree.",
            hint=_ANEW,
        )


def fits(question: Question, consent: Consent) -> bool:
    """Whether a consent file covers this answer: its verifier, its purpose, and no claim more or less."""
    names = {one.id for one in question.purposes}
    names |= {label for one in question.purposes for label in one.labels.values()}
    return consent.allows(verifier=question.verifier_id, purposes=frozenset(names), claims=question.claims_by_type())


def _hold_against(question: Question, consent: Consent) -> None:
    reason = ""
    if not fits(question, consent):
        reason = "The consent file names another verifier, purpose or set of claims."
    elif question.sensitive and not consent.portrait_and_health:
        reason = "The consent file says nothing of portrait and health (portrait_and_health)."
    elif question.shown_before and not consent.shown_before:
        reason = "The consent file says nothing of a copy that was shown before (shown_before)."
    if reason:
        raise Refused(
            "What is asked is not what was agreed to.",
            why=f"{reason}  Nothing left your wallet.",
            hint="ask for a new request, look at it with wallet present --dry-run, and change the file if you agree",
        )


def plan_json(question: Question) -> dict[str, Any]:
    """What `--dry-run --json` says: who asks, for what, and what would be sent."""
    return {
        "verifier": question.verifier_id,
        "registered": question.request.verifier.agency is not None,
        "words": session_words(question.request.client_id, question.request.nonce),
        "purposes": [one.id for one in question.purposes],
        "would_disclose": [
            {"query_id": share.query_id, "type": share.credential.type, "claims": [list(path) for path in share.asked]}
            for share in question.shares
        ],
        "not_registered": [
            {"type": one.type, "claim": list(one.path) if one.path is not None else None} for one in question.beyond
        ],
        "portrait_or_health": question.sensitive,
    }
