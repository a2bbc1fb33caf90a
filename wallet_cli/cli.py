"""The `wallet` command line: which commands there are, the options all of them have, how a run ends.

Only the module of the command that was typed is imported, and that imports what it needs inside its
function: `wallet --help` has to answer in under 0.3 s.
"""

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from did.errors import IdError
from wallet_cli.errors import EXIT_FAILURE, EXIT_OK, EXIT_USAGE, Ended, Phase, describe
from wallet_cli.session import Common, Session
from wallet_cli.talk import Talk
from wallet_cli.world import World

COMMANDS: Final[dict[str, str]] = {
    "init": "Make a new wallet and pin the service it follows.",
    "apply": "Apply for a credential; makes your keys and PINs.",
    "status": "Follow your application, or answer a question about it.",
    "receive": "Take the credentials of an offer into the wallet.",
    "list": "List what the wallet holds.",
    "show": "Show one credential: its claims and its status.",
    "present": "Show credentials to a verifier, once you have said yes.",
    "refresh": "Fetch fresh copies of a credential, or the status lists.",
    "freeze": "Suspend your credentials at once, for example after a theft.",
    "history": "List what was received, shown and refused.",
    "pin": "Change or unblock a PIN; show the rules.",
    "trust": "List, add or remove whom the wallet trusts by hand.",
    "lock": "Lock the wallet, and end an unlock.",
    "unlock": "Keep the wallet open for a while, in the system keyring.",
    "backup": "Write an encrypted copy of the wallet.",
    "restore": "Make a wallet from a backup.",
    "delete": "Delete one credential, or the whole wallet.",
    "doctor": "Check the wallet and say what to do about what is wrong.",
    "explain": "Read an offer, request or credential aloud, and check it.",
}

INTERRUPTED: Final = 130

WalletOption = Annotated[
    Path | None, typer.Option("--wallet", help="The wallet's folder (or WALLET_HOME).", metavar="DIR")
]
SecretsOption = Annotated[
    Path | None, typer.Option("--secrets-file", help="0600 file: passphrase, PINs, tx_code.", metavar="FILE")
]
ConsentOption = Annotated[
    Path | None, typer.Option("--consent-file", help="What was agreed to beforehand (JSON).", metavar="FILE")
]
NoInputOption = Annotated[bool, typer.Option("--no-input", help="Never ask; a question ends the command.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout, talk on stderr.")]

_COMMON: Final = {
    "wallet": WalletOption,
    "secrets_file": SecretsOption,
    "consent_file": ConsentOption,
    "no_input": NoInputOption,
    "as_json": JsonOption,
}
_DEFAULTS: Final[dict[str, Any]] = {
    "wallet": None,
    "secrets_file": None,
    "consent_file": None,
    "no_input": False,
    "as_json": False,
}


class _Run:
    """One run: what the options before the command said, and the session once there is one."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before: dict[str, Any] = {}
        self.current: Session | None = None

    @property
    def talk(self) -> Talk | None:
        return self.current.talk if self.current is not None else None

    @property
    def phase(self) -> Phase:
        return self.current.phase if self.current is not None else Phase()

    def session(self, given: dict[str, Any]) -> Session:
        merged = {name: given[name] or self.before.get(name) or default for name, default in _DEFAULTS.items()}
        self.current = Session(self.world, Common(**merged))
        return self.current


def with_session(function: Callable[..., None]) -> Callable[..., None]:
    """Turn `function(session, …)` into a command with the five common options, closing the session after it."""
    signature = inspect.signature(function)
    own = list(signature.parameters.values())[1:]

    def command(ctx: typer.Context, **values: Any) -> None:
        common = {name: values.pop(name) for name in _COMMON}
        with ctx.obj.session(common) as session:
            function(session, **values)

    keyword = inspect.Parameter.KEYWORD_ONLY
    shared = [
        inspect.Parameter(name, keyword, default=_DEFAULTS[name], annotation=annotation)
        for name, annotation in _COMMON.items()
    ]
    context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
    parameters = [context, *(parameter.replace(kind=keyword) for parameter in own), *shared]
    command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]  # read by typer
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    return command


def run(args: Sequence[str], *, world: World) -> int:
    """Run one command line and return its exit code. Only here is every error caught."""
    state = _Run(world)
    app = _app(_chosen(args), state)
    try:
        command = typer.main.get_command(app)
        code = command.main(args=list(args), prog_name="wallet", standalone_mode=False, obj=state)
        if code == INTERRUPTED:
            return _interrupted(world)
        return code if isinstance(code, int) else EXIT_OK
    except IdError as error:
        return _end(describe(error, new_id=_new_id(world), phase=state.phase), state, args)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer keeps this class to itself
            world.stderr.write(f"{error.format_message()}\n")
            return EXIT_USAGE
        return _end(_usage(error, world), state, args)
    except (KeyboardInterrupt, typer.Abort):
        return _interrupted(world)
    except BrokenPipeError:
        return EXIT_FAILURE
    except Exception as error:  # noqa: BLE001 - the process edge; never a stack trace, which could quote a secret
        return _end(_unexpected(error, world), state, args)


def _interrupted(world: World) -> int:
    world.stderr.write("\nStopped.  What was stored stays as it was.\n")
    return INTERRUPTED


def _chosen(args: Sequence[str]) -> str | None:
    """The command among the arguments: the first that is neither an option nor an option's value."""
    takes_value = ("--wallet", "--secrets-file", "--consent-file")
    skip = False
    for arg in args:
        if skip:
            skip = False
        elif arg in takes_value:
            skip = True
        elif not arg.startswith("-"):
            return arg if arg in COMMANDS else None
    return None


def _app(chosen: str | None, state: _Run) -> typer.Typer:
    app = typer.Typer(
        name="wallet",
        help="Your digital identity: keys and credentials that are yours, shown only when you say yes.",
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        add_completion=False,
        no_args_is_help=True,
    )

    def before(
        wallet: WalletOption = None,
        secrets_file: SecretsOption = None,
        consent_file: ConsentOption = None,
        no_input: NoInputOption = False,
        as_json: JsonOption = False,
    ) -> None:
        state.before = {
            "wallet": wallet,
            "secrets_file": secrets_file,
            "consent_file": consent_file,
            "no_input": no_input,
            "as_json": as_json,
        }

    app.callback()(before)
    for name, summary in COMMANDS.items():
        if name == chosen:
            _add(app, name, summary)
        else:
            app.command(name, help=summary)(_not_chosen)
    return app


def _add(app: typer.Typer, name: str, summary: str) -> None:
    """Put the chosen command on the line: its module's `run`, or the sub-commands in its `COMMANDS`."""
    module = import_module(f"wallet_cli.commands.{name}")
    parts: dict[str, Callable[..., None]] | None = getattr(module, "COMMANDS", None)
    if parts is None:
        app.command(name, help=inspect.getdoc(module.run))(with_session(module.run))
        return
    group = typer.Typer(name=name, help=summary, rich_markup_mode=None, no_args_is_help=True, add_completion=False)
    for part, function in parts.items():
        group.command(part, help=inspect.getdoc(function))(with_session(function))
    app.add_typer(group)


def _not_chosen() -> None:
    """A command that was not typed in this run; it stands in the list of commands only."""


def _end(ended: Ended, state: _Run, args: Sequence[str]) -> int:
    talk = state.talk or Talk(state.world, as_json="--json" in args, no_input=True)
    talk.error(ended)
    return ended.exit_code


def _usage(error: typer.TyperException, world: World) -> Ended:
    from wallet_cli.text import clean

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "wallet"
    return Ended(
        what=clean(error.format_message()),
        why="The command line is not complete.  Nothing was done.",
        hint=f"{path} --help",
        code="malformed",
        exit_code=EXIT_USAGE,
        id=_new_id(world),
    )


def _unexpected(error: Exception, world: World) -> Ended:
    return Ended(
        what=f"Something went wrong inside the wallet ({type(error).__name__}).",
        why="This is a fault of the wallet, not yours.  What was stored stays as it was.",
        hint="wallet doctor; if it stays, report it with the id below",
        code="unavailable",
        exit_code=EXIT_FAILURE,
        id=_new_id(world),
    )


def _new_id(world: World) -> str:
    """A short id for support, in letters that cannot be mistaken for one another."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(alphabet[byte % 32] for byte in world.random_bytes(8))
