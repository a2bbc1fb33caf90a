"""Fixtures of the issuer room's tests."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from idservice.clock import OFFSET_FILE
from idservice.service import Service


@pytest.fixture
def later(service: Service) -> Callable[[timedelta], None]:
    """Move the service's clock so long after its start."""

    def move(length: timedelta) -> None:
        (service.settings.data / OFFSET_FILE).write_text(f"+PT{length.total_seconds()}S", encoding="ascii")

    return move
