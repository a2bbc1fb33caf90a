"""How a mistake of ours is named in the log: where it happened, never what was being handled (T65)."""

import traceback


def where(error: BaseException) -> str:
    """Return an error's type and the lines it passed, without its message: that may quote what was sent."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    places = [f"{'/'.join(frame.filename.rsplit('/', 2)[-2:])}:{frame.lineno}" for frame in frames]
    chain = f" from {type(error.__cause__).__name__}" if error.__cause__ else ""
    return f"{type(error).__name__}{chain} at {' > '.join(places)}"
