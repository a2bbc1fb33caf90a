"""`wallet trust`: whom the wallet trusts beyond the pinned list."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def list_(session: Session) -> None:
    """List the services the wallet follows, and what was added by hand."""
    from wallet_cli import trusting

    lines, body = trusting.describe(session)
    session.talk.result(lines, body)


def add(
    session: Session,
    what: Annotated[str, typer.Argument(metavar="URL|DID|ROOT.pem", help="A service, a DID, or a root certificate.")],
    name: Annotated[str | None, typer.Option("--name", help="What to call it.")] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="ID", help="It issues as this identifier; else it is a verifier.")
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", metavar="VCT", help="A type it may issue; may be given again.")
    ] = None,
    fingerprint: Annotated[
        str | None, typer.Option("--fingerprint", metavar="F", help="Of a service's list key, or of a root.")
    ] = None,
) -> None:
    """Trust a service, an issuer or a verifier by hand.

    A service by its signed list, an issuer by its root or DID, a verifier by either.

    A verifier that is added by hand has no registered purposes: each of its requests says so.
    """
    from wallet_cli import trusting

    body = trusting.add(session, what, name=name, issuer=issuer, types=types or [], fingerprint=fingerprint)
    session.talk.result("Added.", body)


def remove(
    session: Session,
    entry: Annotated[str, typer.Argument(metavar="ID", help="As wallet trust list shows it.")],
) -> None:
    """Trust it no longer. Credentials that are in the wallet stay."""
    from wallet_cli import trusting

    session.talk.result("Removed.", trusting.remove(session, entry))


COMMANDS = {"list": list_, "add": add, "remove": remove}
