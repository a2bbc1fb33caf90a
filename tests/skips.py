"""A skip says that a part is missing on this machine. Where nothing may be missing, it is a failure."""

import os
from collections.abc import Generator
from typing import Any

import pytest

SKIPS_FAIL = os.environ.get("OPENRESIDENCY_SKIPS_FAIL") == "1"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    outcome = yield
    report = outcome.get_result()
    if SKIPS_FAIL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: skipped where nothing may be missing: {report.longrepr}"
