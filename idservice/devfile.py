"""`DIR/dev.json`: what scripts and tests need to reach a service that was set up with `--dev` (contract.md 1)."""

import json
from pathlib import Path
from typing import Any

from credentials.signed_list import fingerprint
from credentials.x509 import to_pem
from idservice.service import Service
from idservice.vault import write_private

NAME = "dev.json"
ROOTS = "ca.pem"


def write(service: Service, *, staff: dict[str, str], agencies: dict[str, str]) -> None:
    """Write the file anew: addresses, roots, the fingerprint of the list's key, and tokens by account name."""
    data = service.settings.data
    roots = "".join(to_pem(der) for der in service.keys.roots().values())
    write_private(data / ROOTS, roots.encode())
    content: dict[str, Any] = {
        "base_url": service.base_url,
        "staff_url": service.settings.staff_url,
        "ca": ROOTS,
        "list_key": fingerprint(service.keys.signer("list").public_key),
        "staff": {name: {"token": token} for name, token in staff.items()},
        "agencies": {
            name: {"token": token, "id": name, "did": service.agency_did(name)} for name, token in agencies.items()
        },
    }
    _write(data / NAME, content)


def set_staff_url(data: Path, staff_url: str) -> None:
    """Note where the staff listener is now; nothing else changes."""
    path = data / NAME
    if path.exists():
        _write(path, {**json.loads(path.read_text(encoding="utf-8")), "staff_url": staff_url})


def _write(path: Path, content: dict[str, Any]) -> None:
    write_private(path, json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n")
