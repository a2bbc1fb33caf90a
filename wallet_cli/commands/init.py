"""`wallet init`: a new wallet, and the service whose signed list it follows."""

from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.errors import Conflict, MissingInput
from wallet_cli.session import Session


def run(
    session: Session,
    service: Annotated[
        str | None,
        typer.Option("--service", metavar="URL", help="The service to follow, for example https://id.example."),
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", metavar="F", help="Fingerprint of its list key, as it published it.")
    ] = None,
    service_data: Annotated[
        Path | None, typer.Option("--service-data", metavar="DIR", help="Folder of a development service (dev.json).")
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="A development wallet: http and loopback names, and the service's clock.")
    ] = False,
    keys: Annotated[
        str | None, typer.Option("--keys", metavar="keyring|passphrase", help="Where the keys are kept.")
    ] = None,
    language: Annotated[str, typer.Option("--language", metavar="CODE", help="Language of labels: en, et, ...")] = "en",
) -> None:
    """Make a new wallet and pin the service it follows.

    The wallet trusts the issuers and verifiers in that service's signed list. Compare the fingerprint
    that is shown with the one the office published before you say yes.
    """
    from wallet_cli import starting
    from wallet_cli.store import FILE_NAME

    if (session.path / FILE_NAME).exists():
        raise Conflict(
            "There is a wallet in this folder already.",
            why="A wallet is never overwritten.",
            hint="name another folder with --wallet",
        )
    if service_data is not None and not dev:
        raise MissingInput("--service-data is for development wallets.", hint="add --dev, or leave it out")
    starting.check_language(language)
    choice = starting.choose_keys(session, keys)
    pinned = starting.pin_service(session, service, fingerprint=fingerprint, service_data=service_data, dev=dev)
    store = starting.make_wallet(
        session, choice=choice, pinned=pinned, dev=dev, service_data=service_data, language=language
    )
    where = "file, locked by passphrase" if choice == "passphrase" else "system keyring"
    follows = [f"Follows {pinned.base_url}"] if pinned is not None else []
    body: dict[str, object] = {
        "wallet": store.wallet.id,
        "keystore": "file+passphrase" if choice == "passphrase" else "keyring",
        "keys": [],
    }
    if pinned is not None:
        body["service"] = {"base_url": pinned.base_url, "fingerprint": pinned.pinned}
    ready = f"Wallet ready.  Keys: {where}.  Next: {'wallet receive LINK' if follows else 'wallet trust add URL'}"
    first = ["To apply for e-residency first: wallet apply e-residency"] if follows else []
    session.talk.result([*follows, ready, *first], body)
