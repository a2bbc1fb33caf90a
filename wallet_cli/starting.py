"""How a wallet begins: where its keys are kept, and which service it follows."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from credentials import signed_list
from credentials.openid.links import check_url
from wallet_cli.client import Client
from wallet_cli.clock import read_offset
from wallet_cli.errors import IssuerUntrusted, MissingInput
from wallet_cli.keyring_box import KeyringBox, need_keyring
from wallet_cli.model import PinnedService, Wallet
from wallet_cli.services import fetch_list, read_dev_service
from wallet_cli.store import Store, create_with_keyring, create_with_passphrase
from wallet_cli.talk import ASK_TIMES

if TYPE_CHECKING:
    from wallet_cli.session import Session

KeyChoice = Literal["keyring", "passphrase"]


def choose_keys(session: "Session", asked: str | None) -> KeyChoice:
    """Return where the keys will be kept. Choosing the keyring where there is none is refused, not replaced."""
    if asked is None and session.secrets.get("passphrase") is not None:
        asked = "passphrase"
    if asked is None:
        asked = _ask_keys(session)
    if asked == "keyring":
        need_keyring(session.world.find_keyring())
        return "keyring"
    if asked == "passphrase":
        return "passphrase"
    raise MissingInput("The keys are kept in the keyring or under a passphrase.", hint="--keys keyring|passphrase")


def _ask_keys(session: "Session") -> str:
    """Ask where the keys shall be kept; the answer that Enter gives is one that works on this computer."""
    absent = session.world.find_keyring() is None
    session.talk.say(
        [
            "Where shall the keys be kept?",
            "  1  system keyring (Secret Service)     2  file locked by a passphrase",
            *(["  There is no system keyring on this computer, so it is 2 here."] if absent else []),
        ]
    )
    for _ in range(ASK_TIMES):
        answer = session.talk.ask("Choice", option="--keys", default="2" if absent else "1")
        if answer in ("1", "2", "keyring", "passphrase"):
            return {"1": "keyring", "2": "passphrase"}.get(answer, answer)
        session.talk.say("Type 1 or 2.")
    return answer


def check_language(code: str) -> None:
    """See that dates can be written in this language. Raises MissingInput."""
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        raise MissingInput("This language is not known.", hint="--language en, et, pt, de or ar") from None


def pin_service(
    session: "Session", service: str | None, *, fingerprint: str | None, service_data: Path | None, dev: bool
) -> PinnedService | None:
    """Fetch the service's signed list, have its key agreed to, and return the pin; None when no service is named."""
    ca_pem = ""
    if service_data is not None:
        known = read_dev_service(service_data)
        service, fingerprint, ca_pem = service or known.base_url, fingerprint or known.list_key, known.ca_pem
        if service.rstrip("/") != known.base_url:
            raise MissingInput("--service is not the service of --service-data.", hint=f"--service {known.base_url}")
    if service is None:
        return None
    if not dev and service.startswith(("http://localhost", "http://127.0.0.1")):
        raise MissingInput(
            "A service at http://localhost is for development only.",
            why="Outside development the wallet speaks https and nothing else.",
            hint="add --dev if this wallet is for trying things out",
        )
    base_url = check_url(service, what="--service", dev=dev, query=False).rstrip("/")
    offset = read_offset(str(service_data)) if service_data is not None else None
    now = session.world.clock() + offset if offset is not None else session.world.clock()
    with Client(
        dev=dev, home_origins=[base_url], ca_pems=[ca_pem] if ca_pem else [], transport=session.world.transport
    ) as client:
        token = fetch_list(client, base_url)
    return agree_to_list(session, base_url, token, fingerprint=fingerprint, now=now, ca_pem=ca_pem)


def agree_to_list(
    session: "Session", base_url: str, token: str, *, fingerprint: str | None, now: datetime, ca_pem: str = ""
) -> PinnedService:
    """Show the fingerprint of a list's key, have it agreed to, and return the pin with the checked list."""
    found = signed_list.fingerprint(signed_list.parse_trusted_list(token).key)
    if fingerprint is not None and fingerprint != found:
        raise IssuerUntrusted(
            "The signed list is under another key than you named.",
            why=f"Named {fingerprint}, found {found}.  Nothing was trusted.",
            hint="ask the office for its fingerprint again",
        )
    checked = signed_list.check_trusted_list(token, publisher=base_url, pinned=found, now=now)
    if fingerprint is None:
        session.talk.say([f"Service      {base_url}", f"Fingerprint  {found}"])
        session.talk.ask_yes(
            "Is this the fingerprint that the office published? Type yes or no:",
            option="--fingerprint",
            refusal="The service was not pinned.",
        )
    return PinnedService(
        base_url=base_url,
        pinned=found,
        announced=checked.next_key,
        token=token,
        sequence=checked.sequence,
        fetched_at=now,
        ca_pem=ca_pem,
    )


def make_wallet(
    session: "Session",
    *,
    choice: KeyChoice,
    pinned: PinnedService | None,
    dev: bool,
    service_data: Path | None,
    language: str,
) -> Store:
    """Make the sealed store and return it open."""
    from wallet_cli.kdf import calibrate

    passphrase = session.new_passphrase() if choice == "passphrase" else ""
    params = session.world.kdf or calibrate()
    wallet = Wallet(
        id=f"w_{session.world.random_bytes(4).hex()}",
        created_at=session.world.clock(),
        language=language,
        dev=dev,
        service_data=str(service_data.resolve()) if service_data is not None else "",
        kdf=(params.memory_kib, params.iterations, params.lanes),
        services=[pinned] if pinned is not None else [],
    )
    if choice == "passphrase":
        store = create_with_passphrase(
            session.path, wallet, passphrase, params=params, random_bytes=session.world.random_bytes
        )
    else:
        box = KeyringBox(need_keyring(session.world.find_keyring()), wallet.id)
        store = create_with_keyring(session.path, wallet, box, random_bytes=session.world.random_bytes)
    session.adopt(store)
    return store
