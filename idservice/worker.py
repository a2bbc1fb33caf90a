"""One worker: both listeners in one process, told apart by the socket a request came in on, and the background thread.

uvicorn's supervisor starts workers anew from this module; the data folder reaches them through the environment, the
secrets do so only where the operator put them there.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from idservice import logs
from idservice.app import all_jobs, create_app, create_public_app, create_staff_app
from idservice.background import Background
from idservice.opening import open_service
from idservice.service import Service

VARIABLE = "IDSERVICE_WORKER"


class Listeners:
    """The ASGI application of a worker: public app, staff app, background work."""

    def __init__(self, service: Service, staff_port: int | None) -> None:
        """Serve staff on `staff_port` only; None puts everything on one port (dev)."""
        self._staff_port = staff_port
        self._public: ASGIApp = create_app(service) if staff_port is None else create_public_app(service)
        self._staff: ASGIApp | None = None if staff_port is None else create_staff_app(service)
        self._background = Background(service, all_jobs(service))
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request to the app of the socket it came in on: no header can choose it (T97)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        server = scope.get("server") or ("", None)
        staff = self._staff is not None and server[1] == self._staff_port
        app = self._staff if staff and self._staff is not None else self._public
        await app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._background.start()
                await send({"type": "lifespan.startup.complete"})
            else:
                self._background.stop()
                self._service.engine.dispose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def environment(data: Path, staff_port: int | None) -> Mapping[str, str]:
    """Return the variable that tells a worker what to open."""
    return {VARIABLE: json.dumps({"data": str(data), "staff_port": staff_port})}


def application() -> Listeners:
    """Open the service that the environment names: what uvicorn calls in each worker."""
    told = json.loads(os.environ[VARIABLE])
    service = open_service(Path(told["data"]))
    logs.configure(service.settings.log_level)
    return Listeners(service, told["staff_port"])
