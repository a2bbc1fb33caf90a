"""Fixtures of the registrar room's tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from idservice.service import Service
from tests.factories import NOW, FixedClock

from .office import Office


@pytest.fixture
def office(service: Service) -> Office:
    """The registrar API with its staff."""
    return Office(service)


@pytest.fixture
def later(clock: FixedClock) -> Callable[[timedelta], None]:
    """Set the service's clock to so long after its start."""

    def move(length: timedelta) -> None:
        clock.advance(NOW + length - clock.now())

    return move
