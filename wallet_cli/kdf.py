"""How dear one guess of a passphrase or PIN is on this computer: at least a quarter of a second (T91)."""

import time
from typing import Final

from did.keyfile import KdfParams, seal

FLOOR_SECONDS: Final = 0.25
TARGET_SECONDS: Final = 0.3
MEMORY_KIB: Final = 65536
LANES: Final = 4
MIN_ITERATIONS: Final = 4
MAX_ITERATIONS: Final = 64


def calibrate() -> KdfParams:
    """Return Argon2id parameters of 64 MiB whose every run here takes `FLOOR_SECONDS` or more.

    The fastest of three short runs counts: a busy moment must not make guessing cheap for ever.
    """
    probe = KdfParams(memory_kib=MEMORY_KIB, iterations=MIN_ITERATIONS, lanes=LANES)
    fastest = min(_seconds(probe) for _ in range(3))
    iterations = round(MIN_ITERATIONS * TARGET_SECONDS / fastest) + 1
    return KdfParams(
        memory_kib=MEMORY_KIB, iterations=max(MIN_ITERATIONS, min(iterations, MAX_ITERATIONS)), lanes=LANES
    )


def _seconds(params: KdfParams) -> float:
    started = time.monotonic()
    seal(b"", "a passphrase to measure", random_bytes=bytes, params=params, context=b"measure")
    return time.monotonic() - started
