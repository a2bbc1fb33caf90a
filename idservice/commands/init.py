"""`idservice init`: a new data folder with keys, roots and database; in dev also staff and an agency."""

import os
import sys
from pathlib import Path

from did.keyfile import KdfParams
from idservice import access, devfile
from idservice.clock import SystemClock
from idservice.commands.devdata import DEV_PURPOSES, STAFF
from idservice.database import transaction
from idservice.keystore import Installation
from idservice.opening import create, open_service
from idservice.problems import Refused
from idservice.purposefile import PurposeEntry
from idservice.registry import publication, trusted_list
from idservice.service import Service
from idservice.settings import read_options

DEV_BASE_URL = "http://localhost:8000"


def run(data: Path, *, base_url: str | None, staff_url: str | None, dev: bool) -> None:
    """Make the folder, migrate the database, publish types, lists and the signed list."""
    os.umask(0o077)
    if not dev and (base_url is None or staff_url is None):
        raise Refused("malformed", "--base-url and --staff-url are needed outside --dev", hint="Give both, or --dev.")
    base_url = (base_url or DEV_BASE_URL).rstrip("/")
    staff_url = (staff_url or base_url).rstrip("/")
    if not dev and staff_url == base_url:
        raise Refused("malformed", "outside --dev the staff listener needs an address of its own")
    installation = Installation(base_url=base_url, staff_url=staff_url, dev=dev)
    create(data, installation, options=read_options(data), clock=SystemClock(), kdf=KdfParams())
    service = open_service(data, migrate=True)
    if dev:
        _set_up_dev(service)
    publication.publish_now(service)
    trusted_list.token(service)
    following = f"idservice serve --data {data}" if dev else f"idservice staff add NAME --data {data} --role ROLE"
    sys.stderr.write(f"{data} is ready for {base_url}.\nNext: {following}\n")


def _set_up_dev(service: Service) -> None:
    staff = {name: access.new_token() for name in STAFF}
    bank = access.new_token()
    with transaction(service.engine) as db:
        for name, roles in STAFF.items():
            access.add_staff(db, service, name=name, roles=roles, level=3, token=staff[name])
        access.add_agency(
            db,
            service,
            agency_id="bank",
            names={"en": "Test bank", "et": "Testpank", "pt": "Banco de teste", "de": "Testbank", "ar": "بنك تجريبي"},
            purposes=[PurposeEntry.model_validate(entry) for entry in DEV_PURPOSES],
            token=bank,
        )
    service.keys.add_agency("bank", name="Test bank", did=service.agency_did("bank"))
    devfile.write(service, staff=staff, agencies={"bank": bank})
