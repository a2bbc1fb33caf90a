"""Write the OpenAPI documents to `openapi/`, or say how they differ: `python -m tools.openapi [--check]`."""

import argparse
import difflib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from did.keyfile import KdfParams
from idservice.clock import SystemClock
from idservice.keystore import Installation
from idservice.openapi import documents
from idservice.opening import create, open_service
from idservice.settings import Options

FOLDER = Path(__file__).resolve().parent.parent / "openapi"
BASE_URL = "http://localhost:8000"
_WEAK = KdfParams(memory_kib=1024, iterations=1, lanes=1)
"""The service made here is thrown away: nothing lies under its passphrase."""


def made() -> dict[str, str]:
    """Return file name -> text of each document, made from a service in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        data, options, clock = Path(folder) / "data", Options(), SystemClock(None)
        installation = Installation(base_url=BASE_URL, staff_url=BASE_URL, dev=True)
        create(data, installation, options=options, clock=clock, kdf=_WEAK)
        service = open_service(data, options=options, clock=clock, migrate=True)
        try:
            found = documents(service)
        finally:
            service.engine.dispose()
    return {f"{audience}.json": _text(document) for audience, document in found.items()}


def main() -> int:
    """Write or compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tools.openapi", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file differs")
    check = parser.parse_args().check
    differing = [name for name, text in made().items() if _differs(name, text, check=check)]
    if check and differing:
        print("Run `make openapi` and commit what it writes.", file=sys.stderr)
    return 1 if check and differing else 0


def _differs(name: str, text: str, *, check: bool) -> bool:
    path = FOLDER / name
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    if before == text:
        return False
    if check:
        lines = difflib.unified_diff(before.splitlines(), text.splitlines(), f"openapi/{name}", "made now", lineterm="")
        print("\n".join(list(lines)[:200]))
    else:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(f"openapi/{name}")
    return True


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main())
