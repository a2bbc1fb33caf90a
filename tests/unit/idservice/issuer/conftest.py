"""Fixtures of the issuer room's tests."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.factories import FixedClock


@pytest.fixture
def later(clock: FixedClock) -> Callable[[timedelta], None]:
    """Set the service's clock so long after its start."""
    start = clock.now()

    def move(length: timedelta) -> None:
        clock.advance(start + length - clock.now())

    return move
