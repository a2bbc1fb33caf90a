"""`wallet doctor`: what is in order, what is not, and the command that puts it right."""

from typing import Annotated

import typer

from wallet_cli.session import Session


def run(session: Session, offline: Annotated[bool, typer.Option("--offline", help="Ask no server.")] = False) -> None:
    """Check the wallet and say what to do about what is wrong."""
    from did.errors import IdError
    from wallet_cli import checkup

    findings = [checkup.check_folder(session.path)]
    if findings[0].outcome == "passed":
        try:
            findings += checkup.check_wallet(session, offline=offline)
            session.save()
        except IdError as exc:
            findings.append(checkup.failed("seal", str(exc).rstrip("."), exc.hint, exc.code))
    body = {
        "checks": [finding.to_json() for finding in findings],
        "failed": sum(finding.outcome == "failed" for finding in findings),
        "warnings": sum(finding.outcome == "warning" for finding in findings),
    }
    session.talk.result([*(finding.line() for finding in findings), checkup.summary(findings)], body)
    code = checkup.exit_code(findings)
    if code:
        raise typer.Exit(code)
