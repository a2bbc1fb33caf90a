"""`idservice demo`: play the story of first light in a fresh folder, with the real parts."""

import shutil
import sys
import tempfile
import time
from pathlib import Path

from idservice.demo.stage import Stage, StageError, staged
from idservice.demo.story import StoryBroke, tell


def play(*, keep: bool) -> int:
    """Tell the story; with `keep` leave everything running afterwards. Return the exit code."""
    folder = Path(tempfile.mkdtemp(prefix="openresidency-demo-"))
    started = time.monotonic()
    _say("A service starts on this machine with a fresh folder, keys and database.")
    try:
        with staged(folder) as stage:
            story = tell(stage, _say)
            seconds = time.monotonic() - started
            _say(f"\n{story.decisions} decisions, each as it has to be, in {seconds:.0f} s.")
            if keep:
                _invite(stage)
                _wait()
    except (StoryBroke, StageError) as broken:
        sys.stderr.write(f"\nThe story broke: {broken}\nThe log of the service and the wallets are in {folder}\n")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _invite(stage: Stage) -> None:
    """Say what can be tried while the service stays."""
    dev, wallet = stage.data / "dev.json", stage.wallet_folder("yours")
    _say(
        f"""
The service stays at {stage.base_url}; its tokens are in {dev}.  Try next, in another terminal:

  wallet init --wallet {wallet} --service {stage.base_url} --service-data {stage.data} --dev
  wallet apply e-residency --wallet {wallet}
  TOKEN=$(python3 -c "import json; print(json.load(open('{dev}'))['agencies']['bank']['token'])")
  curl -s {stage.base_url}/v1/presentation-requests -H "Authorization: Bearer $TOKEN" \\
       -H "Content-Type: application/json" -d '{{"purpose": "login", "flow": "cross_device"}}'

Open the `page` of that answer in a browser.  Ctrl-C ends it all."""
    )


def _wait() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        _say("\nStopping.")
