"""Where the published vectors lie: beside the checkout, never inside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT.parent / "shared" / "vectors"


def need(*parts: str) -> Path:
    """Return the path of a vector file or folder, or skip the test and name what is absent."""
    path = VECTORS.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"vectors absent: {'/'.join(parts)} (expected beside the checkout)")
    return path
