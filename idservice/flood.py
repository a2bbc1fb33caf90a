"""A cheap brake on floods: one token bucket per source, in this worker's memory (T67).

Limits that must hold across workers and restarts are `limits`; this one only keeps one address from taking it all.
"""

import time
from collections import OrderedDict

MAX_SOURCES = 20_000


class FloodGate:
    """Token buckets, the oldest forgotten first."""

    def __init__(self, *, per_second: int, burst: int) -> None:
        """Let each source make `burst` requests at once and `per_second` on average."""
        self._rate = float(per_second)
        self._burst = float(burst)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, source: str) -> int:
        """Take one token of `source`; return 0, or after how many seconds the next request is taken."""
        now = time.monotonic()
        tokens, seen = self._buckets.pop(source, (self._burst, now))
        tokens = min(self._burst, tokens + (now - seen) * self._rate)
        allowed = tokens >= 1
        self._buckets[source] = (tokens - 1 if allowed else tokens, now)
        if len(self._buckets) > MAX_SOURCES:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, round(1 / self._rate))
