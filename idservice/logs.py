"""The log: one JSON object a line on standard error, from an allow-list of fields (T65).

A message is a fixed sentence of ours; what varies goes into `extra`, and only the names below come through. Nobody
can log a claim, a token or an address by accident.
"""

import json
import logging
from datetime import UTC, datetime

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
        line = {"time": time, "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage()}
        line |= {name: value for name in FIELDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False, default=str)


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
