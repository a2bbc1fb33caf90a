"""Our style sheet and scripts, each served under a name with its hash, so that a cache may keep it for good."""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import Response

from idservice.problems import Refused

FOLDER = Path(__file__).parent / "static"
MEDIA_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
HASH_LENGTH = 12


@cache
def _files() -> tuple[Mapping[str, str], Mapping[str, tuple[str, bytes]]]:
    names: dict[str, str] = {}
    contents: dict[str, tuple[str, bytes]] = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix not in MEDIA_TYPES:
            continue
        body = path.read_bytes()
        hashed = f"{path.stem}.{sha256(body).hexdigest()[:HASH_LENGTH]}{path.suffix}"
        names[path.name] = hashed
        contents[hashed] = (MEDIA_TYPES[path.suffix], body)
    return names, contents


def static_url(name: str) -> str:
    """Return the path under which a file of `static/` is served. Raises KeyError for one that is not there."""
    return f"/static/{_files()[0][name]}"


def static_router() -> APIRouter:
    """Serve `/static/{name}`: only the hashed names, read once, so no path from outside meets the disk."""
    router = APIRouter()

    @router.get("/static/{name}", include_in_schema=False)
    def static_file(name: str) -> Response:
        found = _files()[1].get(name)
        if found is None:
            raise Refused("not_found", "there is no such file")
        media_type, body = found
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return Response(body, media_type=media_type, headers=headers)

    return router
