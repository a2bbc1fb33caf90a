"""A wallet driver, and one whose server is the simulator."""

from pathlib import Path

import pytest

from tests.simulator import Simulator
from tests.unit.wallet_cli.driver import Driver


@pytest.fixture
def lone(tmp_path: Path) -> Driver:
    """A wallet without any server."""
    return Driver(tmp_path)


@pytest.fixture
def wallet(tmp_path: Path) -> Driver:
    """A new wallet that follows the simulated service."""
    driver = Driver(tmp_path)
    driver.transport = Simulator(driver.clock)
    driver.init()
    return driver


@pytest.fixture
def server(wallet: Driver) -> Simulator:
    """The simulated service behind `wallet`."""
    assert isinstance(wallet.transport, Simulator)
    return wallet.transport
