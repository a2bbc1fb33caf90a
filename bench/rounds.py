"""Interleaved rounds and ratios.

Absolute rates on a shared machine move by a factor of two; ratios taken inside one round do not.
Each contestant runs for a slice of CPU time in each round, in turn; the figure is the median of
the rounds' ratios, with the lowest and highest beside it.
"""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Protocol

ROUNDS = 5
SLICE_SECONDS = 0.4


class Contestant(Protocol):
    name: str

    def rate(self, operation: str, seconds: float) -> float | None:
        """Operations per second of CPU time, or None where this contestant has no such operation."""


def cpu_rate(act: Callable[[], object], seconds: float) -> float:
    """Call `act` until `seconds` of this process's CPU time have gone; return calls per CPU second."""
    count, batch = 0, 1
    start = time.process_time()
    while (gone := time.process_time() - start) < seconds:
        for _ in range(batch):
            act()
        count += batch
        if gone < seconds / 20:
            batch = min(batch * 2, 1024)
    return count / (time.process_time() - start)


@dataclass
class InProcess:
    """Operations of this process, by name."""

    name: str
    operations: Mapping[str, Callable[[], object]]

    def rate(self, operation: str, seconds: float) -> float | None:
        act = self.operations.get(operation)
        return None if act is None else cpu_rate(act, seconds)


@dataclass
class Peer:
    """A peer in a process of its own that answers `{"op", "seconds"}` lines with `{"rate"}` lines."""

    name: str
    process: subprocess.Popen[str]

    @classmethod
    def start(cls, name: str, command: Sequence[str], cwd: Path) -> "Peer":
        process = subprocess.Popen(  # noqa: S603 - a fixed script of ours
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=cwd
        )
        return cls(name, process)

    def ask(self, **message: Any) -> Any:
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise RuntimeError("the peer has no pipes")
        stdin.write(json.dumps(message) + "\n")
        stdin.flush()
        return json.loads(stdout.readline())

    def rate(self, operation: str, seconds: float) -> float | None:
        found = self.ask(op=operation, seconds=seconds)["rate"]
        return None if found is None else float(found)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@dataclass
class Row:
    """One operation: each contestant's median rate, and the ratio of ours to each of the others."""

    operation: str
    rates: dict[str, float] = field(default_factory=dict)
    ratios: dict[str, tuple[float, float, float]] = field(default_factory=dict)


def run(
    ours: Contestant, others: Sequence[Contestant], operations: Sequence[str], *, rounds: int = ROUNDS
) -> list[Row]:
    """Measure every operation in interleaved rounds; contestants start in turn at each round."""
    rows = []
    for operation in operations:
        taken: dict[str, list[float]] = {}
        order = [ours, *others]
        for contestant in order:  # warm-up: caches, JIT
            contestant.rate(operation, SLICE_SECONDS / 2)
        for number in range(rounds):
            for contestant in order[number % len(order) :] + order[: number % len(order)]:
                rate = contestant.rate(operation, SLICE_SECONDS)
                if rate is not None:
                    taken.setdefault(contestant.name, []).append(rate)
        row = Row(operation, {name: median(values) for name, values in taken.items()})
        for other in others:
            if other.name in taken:
                each = [a / b for a, b in zip(taken[ours.name], taken[other.name], strict=True)]
                row.ratios[other.name] = (median(each), min(each), max(each))
        rows.append(row)
    return rows
