"""Trust that the person adds by hand: another service's list, a root certificate, a DID."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from credentials.openid.links import check_url
from credentials.x509 import fingerprint as certificate_fingerprint
from credentials.x509 import from_pem, to_pem
from did.url import parse_did
from wallet_cli.errors import Conflict, MissingInput, NotFound
from wallet_cli.folder import read_private_file
from wallet_cli.model import ManualTrust
from wallet_cli.services import fetch_list
from wallet_cli.starting import agree_to_list
from wallet_cli.text import clean, table

if TYPE_CHECKING:
    from wallet_cli.session import Session


def describe(session: "Session") -> tuple[list[str], dict[str, Any]]:
    """Return the table and the JSON of `wallet trust list`."""
    rows, entries = [], []
    for number, service in enumerate(session.wallet.services, start=1):
        entry = {
            "id": f"l{number}",
            "kind": "list",
            "name": service.base_url,
            "value": service.pinned,
            "sequence": service.sequence,
        }
        entries.append(entry)
        rows.append((f"l{number}", "signed list", clean(service.base_url), service.pinned[:16]))
    for one in session.wallet.trusted:
        role = "issuer" if one.issuer else "verifier"
        entries.append(
            {"id": one.id, "kind": one.kind, "name": one.name, "value": _value(one), "issuer": one.issuer or None}
        )
        rows.append((one.id, f"{role}, by {one.kind}", clean(one.name, limit=40), clean(_value(one))[:40]))
    lines = table(("ID", "WHAT", "NAME", "KEY"), rows) if rows else ["The wallet trusts nobody yet."]
    return lines, {"trusted": entries}


def add(
    session: "Session", what: str, *, name: str | None, issuer: str | None, types: list[str], fingerprint: str | None
) -> dict[str, Any]:
    """Add a service's list, a DID or a root; asks before it does. Raises MissingInput, Conflict, Refused."""
    if what.startswith(("https://", "http://")):
        return _add_list(session, what, fingerprint=fingerprint)
    if issuer is not None:
        check_url(issuer, what="--issuer", dev=session.wallet.dev, query=False)
        if not types:
            raise MissingInput("An issuer is trusted for types that you name.", hint="--type VCT, once for each")
    kind: Literal["did", "root"] = "did" if what.startswith("did:") else "root"
    value, shown = _did(what) if kind == "did" else _root(Path(what))
    if any(one.value == value and one.issuer == (issuer or "") for one in session.wallet.trusted):
        raise Conflict("This is trusted already.", hint="wallet trust list")
    if fingerprint is not None and fingerprint != shown:
        raise MissingInput("The fingerprint is another one.", why=f"Named {fingerprint}, found {shown}.")
    if fingerprint is None:
        role = f"issuer {issuer} of {', '.join(types)}" if issuer else "verifier"
        session.talk.say([f"Key    {shown}", f"As     {clean(role, limit=300)}"])
        session.talk.ask_yes(
            "Do you know this key to be theirs? Type yes or no:",
            option=f"--fingerprint {shown}",
            refusal="Nothing was added.",
        )
    entry = ManualTrust(
        id=_next_id(session),
        kind=kind,
        name=clean(name or issuer or what, limit=60),
        value=value,
        issuer=issuer or "",
        types=types,
        added_at=session.now(),
    )
    session.wallet.trusted.append(entry)
    session.save()
    return {"id": entry.id, "kind": kind, "fingerprint": shown}


def _add_list(session: "Session", url: str, *, fingerprint: str | None) -> dict[str, Any]:
    base_url = check_url(url, what="the service", dev=session.wallet.dev, query=False).rstrip("/")
    if any(one.base_url == base_url for one in session.wallet.services):
        raise Conflict("The wallet follows this service already.", hint="wallet trust list")
    token = fetch_list(session.client, base_url)
    pinned = agree_to_list(session, base_url, token, fingerprint=fingerprint, now=session.now())
    session.wallet.services.append(pinned)
    session.save()
    return {"id": f"l{len(session.wallet.services)}", "kind": "list", "fingerprint": pinned.pinned}


def remove(session: "Session", entry_id: str) -> dict[str, Any]:
    """Remove one entry. Raises NotFound."""
    wallet = session.wallet
    for number, service in enumerate(wallet.services, start=1):
        if entry_id in (f"l{number}", service.base_url):
            wallet.services.remove(service)
            session.save()
            return {"removed": entry_id}
    for one in wallet.trusted:
        if one.id == entry_id:
            wallet.trusted.remove(one)
            session.save()
            return {"removed": entry_id}
    raise NotFound("There is no such entry.", hint="wallet trust list")


def _did(text: str) -> tuple[str, str]:
    parse_did(text)
    return text, text


def _root(path: Path) -> tuple[str, str]:
    found = from_pem(read_private_file(path, max_bytes=64 * 1024))
    if len(found) != 1:
        raise MissingInput("The file holds several certificates.", hint="name a file with the one root")
    return to_pem(found[0]), certificate_fingerprint(found[0])


def _value(one: ManualTrust) -> str:
    return one.value if one.kind == "did" else certificate_fingerprint(from_pem(one.value)[0])


def _next_id(session: "Session") -> str:
    number = 1
    while any(one.id == f"t{number}" for one in session.wallet.trusted):
        number += 1
    return f"t{number}"
