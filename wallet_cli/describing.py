"""One credential in full, for its holder."""

from typing import TYPE_CHECKING, Any, Final

from credentials.claims import select
from credentials.formats import FORMATS
from credentials.status.token_status_list import INVALID, SUSPENDED, VALID
from wallet_cli.checking import verify_own
from wallet_cli.holdings import kept_status
from wallet_cli.labels import claim_label, in_type_order, type_metadata
from wallet_cli.model import Copy, Credential
from wallet_cli.statuses import CachedStatuses, age
from wallet_cli.text import clean, facts, fit, pad, width, wrap
from wallet_cli.views import date_claim, span, value_text

if TYPE_CHECKING:
    from wallet_cli.session import Session

ALWAYS_VISIBLE: Final = ("iss", "vct", "exp", "status")
NO_RIGHTS: Final = {"e-residency": "never a travel or residence right"}
STATUS_WORDS: Final = {VALID: "valid", INVALID: "revoked", SUSPENDED: "suspended"}
LABEL_COLUMNS: Final = 21
NOTE: Final = "hidden until you show it"


def describe(session: "Session", credential: Credential, *, offline: bool) -> tuple[list[str], dict[str, Any]]:
    """Return the lines and the JSON of `wallet show`."""
    if not credential.copies:
        return _empty(credential)
    copy = next((one for one in credential.copies if one.used_at is None), credential.copies[0])
    parsed = FORMATS[credential.format].parse(copy.text)
    metadata = type_metadata(session, credential.vct)
    title = f"{clean(credential.type, limit=30)} from {clean(credential.issuer_name, limit=40)}"
    note = NO_RIGHTS.get(credential.type, "")
    lines = [title if not note else f"{pad(title, 42)} {note}" if width(title) < 43 else f"{title}; {note}"]
    claims: dict[str, Any] = {}
    for top in in_type_order(metadata, [path[0] for path in parsed.disclosable]):
        path = (top,)
        for value in select(path, parsed.unverified_claims):
            claims[str(top)] = value
            shown = value_text(value, session.wallet.language)
            lines += _claim_lines(claim_label(session, metadata, path), shown)
    lines += facts([("  Always visible", "issuer, type, end date, status place")], label_columns=LABEL_COLUMNS)
    status = _status(session, credential, copy, offline=offline)
    lines.append(_last_line(session, status, claims))
    body = {
        "id": credential.id,
        "type": credential.type,
        "claims": claims,
        "always_visible": [name for name in ALWAYS_VISIBLE if name in parsed.unverified_claims],
        "status": status,
    }
    return lines, body


def _empty(credential: Credential) -> tuple[list[str], dict[str, Any]]:
    hint = f"wallet refresh {credential.id}" if credential.grant else "ask the issuing office for a new offer"
    lines = wrap(f"{clean(credential.type)}: every copy was shown.  Do this: {hint}")
    return lines, {"id": credential.id, "type": credential.type, "claims": {}, "always_visible": [], "status": None}


def _claim_lines(label: str, value: str) -> list[str]:
    """`  Family name        Tamm                 hidden until you show it`, on as many lines as it takes."""
    if width(label) < LABEL_COLUMNS - 2 and width(value) <= 20:
        return [f"  {pad(label, LABEL_COLUMNS - 2)}{pad(value, 21)}{NOTE}"]
    return facts([(f"  {fit(label, 36)}", value)], label_columns=LABEL_COLUMNS)


def _status(session: "Session", credential: Credential, copy: Copy, *, offline: bool) -> dict[str, Any] | None:
    """The copy's status, by a list that was checked as a verifier would; None where there is none to check."""
    reference = FORMATS[credential.format].parse(copy.text).status
    if reference is None:
        return None
    source = CachedStatuses(session)
    code = None
    if not offline:
        verdict = verify_own(
            session, copy.text, format=credential.format, vct=credential.vct, holder_key=None, statuses=source
        )
        code = verdict.code
        session.save()
    kept_for = age(session, reference.uri)
    return {
        "value": kept_status(session, copy, format=credential.format),
        "age_s": int(kept_for.total_seconds()) if kept_for is not None else None,
        "code": code,
    }


def _last_line(session: "Session", status: dict[str, Any] | None, claims: dict[str, Any]) -> str:
    words = "no status list"
    if status is not None:
        told = status["value"]
        words = "not known" if told is None else STATUS_WORDS.get(told, f"other ({told})")
        if status["code"] is not None and told == VALID:
            words = f"! {status['code']}"
        if status["age_s"] is not None:
            from datetime import timedelta

            words += f" (list {span(timedelta(seconds=status['age_s']))} old)"
    line = f"Status  {words}"
    end = claims.get("date_of_expiry")
    if isinstance(end, str):
        line += f"      Card ends {clean(date_claim(end, session.wallet.language))}"
    return line
