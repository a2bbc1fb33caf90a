"""How a mistake of ours is named in the log: where it happened, never what was being handled (T65)."""

import traceback
from pathlib import Path

_ROOT = str(Path(__file__).resolve().parent.parent)


def where(error: BaseException) -> str:
    """Return an error's type and the lines of ours it passed, without its message: that may quote what was sent."""
    passed = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in passed if frame.filename.startswith(_ROOT) and "site-packages" not in frame.filename]
    frames = [*ours[-5:], *(passed[-1:] if passed and passed[-1] not in ours else [])]
    places = [f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}" for frame in frames]
    chain = f" from {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{type(error).__name__}{chain} at {' > '.join(places)}"
