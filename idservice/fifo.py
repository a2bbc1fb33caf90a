"""A lock that is given in the order in which it was asked for.

SQLite's own waiting is by lot: of many threads that wait to write, one may lose for seconds. Threads of one process
queue here instead, and only processes meet in SQLite's busy handler.
"""

from collections import deque
from threading import Lock


class FifoLock:
    """First come, first served."""

    def __init__(self) -> None:
        """Begin unlocked."""
        self._guard = Lock()
        self._held = False
        self._waiting: deque[Lock] = deque()

    def acquire(self, timeout: float) -> bool:
        """Wait for the turn, at most `timeout` seconds; return whether it came."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            turn = Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return False
        return True  # the turn came between the two

    def release(self) -> None:
        """Pass the lock to whoever has waited longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False
