"""`idservice staff add` and `idservice agency add`: accounts with a token that is shown once."""

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from credentials.openid.links import check_url
from did.errors import IdError
from idservice import access, audit
from idservice.database import transaction
from idservice.opening import open_service
from idservice.problems import Refused
from idservice.purposefile import read_purposes
from idservice.registry import trusted_list

ONCE = "The token is shown once and stored only as a hash.\n"


def add_staff(data: Path, name: str, *, roles: Sequence[str], level: int) -> None:
    """Register a member of staff and print `{"id", "name", "roles", "level", "token"}`."""
    os.umask(0o077)
    service = open_service(data)
    token = access.new_token()
    with transaction(service.engine) as db:
        staff_id = access.add_staff(db, service, name=name, roles=roles, level=level, token=token)
        facts = {"roles": sorted(set(roles)), "level": level}
        audit.record(db, service, act="staff.added", actor="operator", subject=f"staff:{staff_id}", data=facts)
    _print({"id": staff_id, "name": name, **facts, "token": token})


def add_agency(
    data: Path,
    agency_id: str,
    *,
    name: str,
    purposes: Path,
    redirect_uris: Sequence[str],
    webhook_url: str | None,
    policy_url: str | None,
) -> None:
    """Register an agency, make its request key, publish it, and print `{"id", "did", "token"}`."""
    os.umask(0o077)
    service = open_service(data)
    if not agency_id.isascii() or not agency_id.replace("-", "").isalnum() or agency_id != agency_id.lower():
        raise Refused("malformed", "an agency's id has small letters, digits and hyphens only")
    addresses = [("--redirect-uri", url) for url in redirect_uris]
    addresses += [(what, url) for what, url in (("--webhook-url", webhook_url), ("--policy-url", policy_url)) if url]
    for what, url in addresses:
        _check_address(what, url, dev=service.settings.dev)
    token = access.new_token()
    with transaction(service.engine) as db:
        access.add_agency(
            db,
            service,
            agency_id=agency_id,
            names={"en": name},
            purposes=read_purposes(purposes),
            token=token,
            redirect_uris=redirect_uris,
            webhook_url=webhook_url,
            policy_url=policy_url,
        )
        did = service.agency_did(agency_id)
        service.keys.add_agency(agency_id, name=name, did=did)
        audit.record(db, service, act="agency.added", actor="operator", subject=f"agency:{agency_id}")
    trusted_list.refresh(service)
    _print({"id": agency_id, "did": did, "token": token})


def _check_address(what: str, url: str, *, dev: bool) -> None:
    try:
        check_url(url, what=what, dev=dev)
    except IdError as error:
        raise Refused("malformed", error.detail, hint="Give an https address.") from error


def _print(value: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stderr.write(ONCE)
