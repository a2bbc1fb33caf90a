"""The log: one JSON object a line on standard error, from an allow-list of fields (T65).

A message is a fixed sentence of ours; what varies goes into `extra`, and only the names below come through. Nobody
can log a claim, a token or an address by accident.
"""

import logging
from datetime import UTC, datetime

import orjson

FIELDS = (
    "id",
    "method",
    "route",
    "status",
    "ms",
    "code",
    "job",
    "delivery",
    "agency",
    "offer",
    "case",
    "worker",
    "count",
)


class Formatter(logging.Formatter):
    """Writes a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback is cut to the type of its error."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        extra = record.__dict__
        line = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= {name: extra[name] for name in FIELDS if extra.get(name) is not None}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return orjson.dumps(line, default=str).decode()


def configure(level: str) -> None:
    """Send every log of the process through the formatter."""
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "alembic", "httpx2", "httpcore2"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # Their lines hold paths and addresses; ours say the same without.
    for name in ("uvicorn.access", "httpx2", "httpcore2"):
        logging.getLogger(name).setLevel(logging.WARNING)
        logging.getLogger(name).disabled = name == "uvicorn.access"
