"""`wallet explain`: what something is, what it says, and whether it is right."""

from pathlib import Path
from typing import Annotated

import typer

from wallet_cli.session import Session


def run(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="FILE|-|LINK", help="A file, standard input, or the link itself.")],
    no_wallet: Annotated[bool, typer.Option("--no-wallet", help="Open no wallet; trust is then not checked.")] = False,
) -> None:
    """Say what an offer, request or credential holds, and if it is right.

    No address in it is called but the status lists of issuers you trust; nothing else is stored. The exit code
    is that of the first check that failed.
    """
    from wallet_cli import explaining
    from wallet_cli.errors import EXIT_CODES, EXIT_FAILURE
    from wallet_cli.explained import Surroundings
    from wallet_cli.inputs import MAX_INPUT_BYTES, read_file
    from wallet_cli.store import FILE_NAME
    from wallet_cli.text import clean, facts, wrap

    if what == "-":
        text = session.world.stdin.read(MAX_INPUT_BYTES)
    else:
        text = what if "://" in what or what.startswith("{") else read_file(Path(what))
    opened = None if no_wallet or not (session.path / FILE_NAME).exists() else session
    dev = opened is None or opened.wallet.dev  # opens the wallet, whose clock may have an offset
    around = Surroundings(session=opened, now=session.now(), dev=dev)
    found = explaining.explain(text, around)
    lines = [f"This is: {found.kind}", *facts([(label, value) for label, value in found.rows], label_columns=18)]
    lines.append("Every check")
    signs = {"passed": "ok", "failed": "FAIL", "warning": "warn", "not_run": "-"}
    for check in found.checks:
        lines += wrap(f"{signs[check.outcome]:<6}{check.name:<16}{clean(check.detail)}  ({check.spec})", indent=22)
        if check.outcome in ("failed", "not_run") and check.hint:
            lines += wrap(f"      Do this: {clean(check.hint)}", indent=15)
    session.talk.result(lines, found.to_json())
    if found.code is not None:
        raise typer.Exit(EXIT_CODES.get(found.code, EXIT_FAILURE))
