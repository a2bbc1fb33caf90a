"""The `idservice` command. Heavy imports happen inside the commands, so that `--help` is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="idservice",
    help="Run an OpenResidency service.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    add_completion=False,
)
staff = typer.Typer(help="Accounts of staff.", rich_markup_mode=None, no_args_is_help=True)
agency = typer.Typer(help="Registered agencies.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(staff, name="staff")
app.add_typer(agency, name="agency")

Data = Annotated[Path, typer.Option("--data", metavar="DIR", help="The data folder.")]


@app.command()
def init(
    data: Data,
    base_url: Annotated[str | None, typer.Option(help="Public address; identifiers contain it for good.")] = None,
    staff_url: Annotated[str | None, typer.Option(help="Address of the staff listener.")] = None,
    dev: Annotated[bool, typer.Option("--dev", help="For development: http on loopback, test accounts.")] = False,
) -> None:
    """Make a new data folder: keys, certificates, database."""
    from idservice.commands import init as command

    command.run(data, base_url=base_url, staff_url=staff_url, dev=dev)


@app.command()
def serve(
    data: Data,
    host: Annotated[str, typer.Option(metavar="H", help="Address to listen on; 0.0.0.0 is every one.")] = "127.0.0.1",
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="P", help="Public port; that of the base URL if left out.")
    ] = None,
    staff_port: Annotated[
        int | None, typer.Option(min=0, max=65535, metavar="P", help="Port of the staff listener.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Worker processes.")] = 1,
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain (PEM) for both listeners.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key (PEM, mode 0600).")] = None,
) -> None:
    """Migrate the database and serve until stopped."""
    from idservice.commands import serve as command

    command.run(
        command.Plan(
            data=data,
            host=host,
            port=port,
            staff_port=staff_port,
            workers=workers,
            tls_cert=tls_cert,
            tls_key=tls_key,
        )
    )


@app.command()
def doctor(data: Data) -> None:
    """Say what is wrong with a service, and how to mend it.

    Looks at data folder, keys, database, migrations, clock and certificates.
    """
    from idservice.commands import doctor as command

    raise typer.Exit(command.run(data))


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running and say what to try next.")] = False,
) -> None:
    """Play the story of first light in a fresh folder.

    Apply, approve, collect, log in, suspend, revoke.
    """
    from idservice.commands import demo as command

    raise typer.Exit(command.play(keep=keep))


@staff.command("add")
def staff_add(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Account name.")],
    data: Data,
    role: Annotated[
        list[str], typer.Option(metavar="ROLE", help="registrar, approver, auditor or admin; may be repeated.")
    ],
    level: Annotated[int, typer.Option(min=0, max=3, help="Training level.")] = 0,
) -> None:
    """Add a member of staff and print the token, once."""
    from idservice.commands import accounts

    accounts.add_staff(data, name, roles=role, level=level)


@agency.command("add")
def agency_add(
    agency_id: Annotated[
        str, typer.Argument(metavar="ID", help="Id: small letters, digits, hyphens; part of its DID.")
    ],
    data: Data,
    name: Annotated[str, typer.Option(help="The name that residents see.")],
    purposes: Annotated[Path, typer.Option(metavar="FILE", help="JSON file with its purposes (see the README).")],
    redirect_uri: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Where browsers may return; may be repeated.")
    ] = None,
    webhook_url: Annotated[str | None, typer.Option(metavar="URL", help="Where results are announced.")] = None,
    policy_url: Annotated[str | None, typer.Option(metavar="URL", help="Its privacy policy.")] = None,
) -> None:
    """Register an agency, make its request key and print the token, once."""
    from idservice.commands import accounts

    accounts.add_agency(
        data,
        agency_id,
        name=name,
        purposes=purposes,
        redirect_uris=redirect_uri or [],
        webhook_url=webhook_url,
        policy_url=policy_url,
    )


def main() -> None:
    """Run the command; a refusal is told with its next step and ends with status 1."""
    from did.errors import IdError

    try:
        app()
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.stderr.write(f"idservice: {where}{error.strerror or error}\n")
        sys.exit(1)
    except IdError as error:
        sys.stderr.write(f"idservice: {error.detail}\n{error.hint}\n" if error.hint else f"idservice: {error.detail}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
