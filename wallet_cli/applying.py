"""The application for a credential, and what its holder does with it: follow, answer, freeze, give up (S01, S05).

The form is signed by a key made for this application; the same key then proves every later step,
by a DPoP proof without an access token (RFC 9449 shape).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from credentials.jose import sign_jws
from did.encoding import b64_encode, jcs, json_object
from did.signing import LocalSigner
from wallet_cli.client import JSON, Answer, need_json
from wallet_cli.errors import MissingInput, NotFound
from wallet_cli.folder import read_private_file
from wallet_cli.gates import ROLES, Pins, check_pins, make_pins, personal_digits
from wallet_cli.issuing import dpop_header
from wallet_cli.model import Application, Role
from wallet_cli.talk import ASK_TIMES

if TYPE_CHECKING:
    from wallet_cli.gates import RoleKey
    from wallet_cli.session import Session

TYP: Final = "application+jwt"
ENDED_STATES: Final = frozenset({"refused", "revoked", "expired"})
MAX_FORM_BYTES: Final = 1 << 20
MAX_PHOTO_BYTES: Final = 500 * 1024

QUESTIONS: Final[tuple[tuple[str, str], ...]] = (
    ("family_name", "Family name"),
    ("given_name", "Given name"),
    ("birthdate", "Birth date (YYYY-MM-DD)"),
    ("nationalities", "Nationalities (two-letter codes, with commas)"),
    ("document.number", "Number of your passport or identity card"),
    ("document.issuing_country", "  issued by (two-letter code)"),
    ("document.date_of_expiry", "  valid until (YYYY-MM-DD)"),
    ("purpose", "What you want to use it for"),
    ("pick_up", "Where you will collect it"),
    ("email", "E-mail (may stay empty)"),
    ("fee_receipt", "Number on the fee receipt (may stay empty)"),
)

OPTIONAL: Final = frozenset({"email", "fee_receipt"})
CODES: Final = frozenset({"nationalities", "document.issuing_country"})
DATES: Final = frozenset({"birthdate", "document.date_of_expiry"})


# --- the form ------------------------------------------------------------------------------------


def read_form(path: Path) -> dict[str, Any]:
    """Return the form in a JSON file. What it must hold is the office's to say."""
    form = json_object(read_private_file(path, max_bytes=MAX_FORM_BYTES), max_bytes=MAX_FORM_BYTES)
    if not form:
        raise MissingInput("The form is empty.", hint="fill in the members that wallet apply asks for")
    return form


def ask_form(session: "Session") -> dict[str, Any]:
    """Ask for the form, one question at a time."""
    form: dict[str, Any] = {}
    for name, question in QUESTIONS:
        answer = _ask_one(session, name, question)
        if not answer:
            continue
        group, dot, member = name.partition(".")
        if dot:
            form.setdefault(group, {})[member] = answer
        elif name == "nationalities":
            form[name] = answer.split(",")
        else:
            form[name] = answer
    return form


def _ask_one(session: "Session", name: str, question: str) -> str:
    """Ask one question again while its answer cannot be right, so that one slip does not cost the whole form.

    What the office makes of the answer is still the office's: the third answer is taken as it is.
    """
    answer = ""
    for _ in range(ASK_TIMES):
        answer = session.talk.ask(question, option="--form FILE")
        if name in CODES:
            answer = ",".join(part.strip().upper() for part in answer.split(",") if part.strip())
        elif name == "document.number":
            answer = answer.replace(" ", "").upper()
        wrong = _slip(name, answer)
        if not wrong:
            break
        session.talk.say(wrong)
    return answer


def _slip(name: str, answer: str) -> str:
    """What is plainly wrong with an answer, empty if nothing is."""
    if not answer:
        return "" if name in OPTIONAL else "This is needed."
    if name in CODES and not all(len(part) == 2 and part.isascii() and part.isalpha() for part in answer.split(",")):
        return "Two letters for each country, such as EE or BR."
    if name in DATES:
        try:
            date.fromisoformat(answer)
        except ValueError:
            return "Year, month and day, such as 1988-05-28."
    return ""


def check_not_blocked(session: "Session") -> None:
    """Say that a PIN is blocked before the questions of the form, not after them. Raises PinBlocked."""
    if session.gates.made:
        for role in ROLES:
            session.gates.tries(role)


def photo_url(path: Path) -> str:
    """Return a picture file as the data URL that a form carries. Raises MissingInput for another kind of file."""
    data = read_private_file(path, max_bytes=MAX_PHOTO_BYTES)
    for media_type, start in (("image/jpeg", b"\xff\xd8\xff"), ("image/png", b"\x89PNG\r\n\x1a\n")):
        if data.startswith(start):
            return f"data:{media_type};base64,{b64_encode(data)}"
    raise MissingInput("The photo is neither a JPEG nor a PNG picture.", hint="save it as one of these")


# --- keys and PINs -------------------------------------------------------------------------------


def open_both_roles(session: "Session", *, birthdate: str = "") -> tuple["dict[Role, RoleKey]", Pins | None]:
    """Open both roles by their PINs; make the PINs first where there are none yet, and return them to be shown once.

    New ones are the secrets file's, if it has all three; else they are drawn. The caller saves.
    """
    if session.gates.made:
        return {"auth": session.open_role("auth"), "sign": session.open_role("sign")}, None
    personal = personal_digits(birthdates=[birthdate] if birthdate else [], personal_codes=[])
    given = [session.secrets.get(name) for name in ("pin1", "pin2", "puk")]
    if all(given):
        pins = check_pins(Pins(pin1=given[0] or "", pin2=given[1] or "", puk=given[2] or ""), personal=personal)
    else:
        pins = make_pins(session.world.random_bytes, personal=personal)
    opened = session.gates.make(pins)
    session.keep_open(opened)
    return opened, None if all(given) else pins


def show_pins(session: "Session", pins: Pins) -> None:
    """Show new codes, this once."""
    session.talk.say(
        [
            "Write these down now.  They are shown this once, and nobody else knows them.",
            f"  PIN1  {pins.pin1}   opens the keys that show who you are",
            f"  PIN2  {pins.pin2}   opens the key that signs; change it before you sign",
            f"  PUK   {pins.puk}   unblocks a PIN after three wrong tries",
        ]
    )


def pins_json(pins: Pins) -> dict[str, str]:
    """The same for a script, under the names that its secrets file uses."""
    return {"pin1": pins.pin1, "pin2": pins.pin2, "puk": pins.puk}


# --- sending -------------------------------------------------------------------------------------


def draft(
    session: "Session", *, service: str, type_name: str, form: Mapping[str, Any], roles: "Mapping[Role, RoleKey]"
) -> Application:
    """Return the application to send: a new one with keys of its own, or the one whose sending was interrupted."""
    form_hash = hashlib.sha256(jcs(dict(form))).hexdigest()
    for application in session.wallet.applications:
        same = (application.service, application.type, application.form_hash) == (service, type_name, form_hash)
        if application.state == "draft" and same:
            return application
    now = session.now()
    application = Application(
        id="",
        number="",
        service=service,
        type=type_name,
        state="draft",
        auth_key=session.gates.new_key(roles["auth"], use="application", now=now).id,
        sign_key=session.gates.new_key(roles["sign"], use="application", now=now).id,
        sent_at=now,
        jti=session.new_id(),
        form_hash=form_hash,
        birthdate=str(form.get("birthdate", "")),
    )
    session.wallet.applications.append(application)
    session.save()
    return application


def sign_application(
    session: "Session", application: Application, form: Mapping[str, Any], *, jti: str, extra: Mapping[str, str]
) -> str:
    """Return the signed form: a JWS by the application's `auth` key, which stands in its header."""
    wallet = session.wallet
    signer = session.gates.signer(session.open_role("auth"), application.auth_key)
    claims: dict[str, Any] = {
        "aud": application.service,
        "iat": int(session.now().timestamp()),
        "jti": jti,
        "type": application.type,
        "form": dict(form),
        "sign_key": wallet.keys[application.sign_key].public_jwk,
        **extra,
    }
    return sign_jws(claims, typ=TYP, signer=signer, header={"jwk": signer.public_key.to_jwk()})


def send(
    session: "Session",
    application: Application,
    form: Mapping[str, Any],
    *,
    renews: Application | None = None,
    renewal_code: str | None = None,
) -> None:
    """Send a drafted application and keep what the office said. Sent twice, it is still one application."""
    extra = {"renews": renews.id} if renews is not None else {}
    if renewal_code is not None:
        extra = {"renewal_code": renewal_code}
    url = f"{application.service}/v1/applications"
    signed = sign_application(session, application, form, jti=application.jti, extra=extra)
    headers = {}
    if renews is not None:
        headers["DPoP"] = dpop_header(session, _auth_signer(session, renews), method="POST", url=url)
    answer = session.client.post(url, _wrapped(signed), content_type=JSON, headers=headers)
    body = json_object(need_json(answer))
    application.id = str(body["id"])
    application.number = str(body["number"])
    application.state = str(body["state"])
    application.decision_due = str(body.get("decision_due") or "")
    session.save()


def follow(session: "Session", application: Application) -> dict[str, Any]:
    """Ask how an application stands, proven by its key; what the office said, with the new state kept."""
    url = f"{application.service}/v1/applications/{application.id}"
    proof = dpop_header(session, _auth_signer(session, application), method="GET", url=url)
    body = json_object(need_json(session.client.get(url, accept=JSON, headers={"DPoP": proof})))
    return _kept(session, application, body)


def answer_question(session: "Session", application: Application, form: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the office's question by a new signed form."""
    url = f"{application.service}/v1/applications/{application.id}/answer"
    signed = sign_application(session, application, form, jti=session.new_id(), extra={})
    answer = session.client.post(url, _wrapped(signed), content_type=JSON)
    return _kept(session, application, json_object(need_json(answer)))


def own_act(session: "Session", application: Application, act: str) -> dict[str, Any]:
    """Freeze or revoke what came of an application; either of its two keys will do."""
    url = f"{application.service}/v1/applications/{application.id}/{act}"
    signer = _any_signer(session, application)
    proof = dpop_header(session, signer, method="POST", url=url)
    answer: Answer = session.client.post(url, b"{}", content_type=JSON, headers={"DPoP": proof})
    return _kept(session, application, json_object(need_json(answer)))


def withdraw_draft(session: "Session", application: Application, *, made_pins: bool) -> None:
    """Forget a draft that the office refused, with its keys, and the PINs if they were made for it alone."""
    wallet = session.wallet
    wallet.applications.remove(application)
    for key_id in (application.auth_key, application.sign_key):
        wallet.keys.pop(key_id, None)
    if made_pins:
        wallet.gates.clear()
    session.save()


def find(session: "Session", number: str | None) -> Application:
    """Return the application of that number, or the newest. Raises NotFound."""
    sent = [one for one in session.wallet.applications if one.id]
    for application in reversed(sent):
        if number is None or number in (application.number, application.id):
            return application
    raise NotFound("There is no such application in this wallet.", hint="wallet apply e-residency")


def running(session: "Session") -> list[Application]:
    """Applications that were sent and have not ended."""
    return [one for one in session.wallet.applications if one.id and one.state not in ENDED_STATES]


def _kept(session: "Session", application: Application, body: dict[str, Any]) -> dict[str, Any]:
    state = body.get("state")
    if isinstance(state, str) and state != application.state:
        application.state = state
        session.save()
    return body


def _wrapped(signed: str) -> bytes:
    return json.dumps({"application": signed}).encode()


def _auth_signer(session: "Session", application: Application) -> LocalSigner:
    return session.gates.signer(session.open_role("auth"), application.auth_key)


def _any_signer(session: "Session", application: Application) -> LocalSigner:
    """The auth key; or the sign key, where PIN1 is blocked: freezing takes any one factor."""
    gate = session.wallet.gates.get("auth")
    if gate is not None and gate.tries <= 0:
        return session.gates.signer(session.open_role("sign"), application.sign_key)
    return _auth_signer(session, application)
