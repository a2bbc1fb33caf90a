"""The README's commands, run as a newcomer would paste them."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from idservice.demo.stage import free_port
from idservice.settings import Options
from tests.paths import ROOT

README = (ROOT / "README.md").read_text()


def test_every_line_of_try_it_by_hand_works(tmp_path: Path) -> None:
    if subprocess.run(["which", "curl"], capture_output=True, check=False).returncode != 0:
        pytest.skip("curl is not installed")
    if not (ROOT / ".venv" / "bin" / "wallet").exists():
        pytest.skip("no .venv: the lines stand on what `make` installs")
    blocks = re.findall(r"^```sh\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    assert len(blocks) >= 8
    port = str(free_port())
    # Whatever happens, the service that the lines start ends with them.
    script = "set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n" + "\n".join(blocks).replace(
        "8080", port
    )
    ran = subprocess.run(
        ["bash", "-m", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    assert '"verdict":"valid"' in ran.stdout.replace(" ", "")
    assert "problem+json" not in ran.stdout


@pytest.mark.parametrize("name", [name.upper() for name in Options.model_fields])
def test_every_setting_is_explained(name: str) -> None:
    assert f"`{name}`" in README
