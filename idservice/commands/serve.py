"""`idservice serve`: migrate, then one or more workers behind two sockets."""

import os
import signal
import socket
import ssl
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from uvicorn.supervisors import Multiprocess

from idservice import devfile, logs, worker
from idservice.opening import open_service
from idservice.problems import Refused
from idservice.protocol import GuardedProtocol
from idservice.service import Service
from idservice.vault import require_private

GRACE_SECONDS = 5
"""How long open requests may take once the service is asked to stop; pages hold event streams for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for."""

    data: Path
    host: str
    port: int | None
    staff_port: int | None
    workers: int
    tls_cert: Path | None
    tls_key: Path | None


def run(plan: Plan) -> None:
    """Serve until SIGTERM or SIGINT."""
    os.umask(0o077)
    service = open_service(plan.data, migrate=True)
    _check(plan, service)
    logs.configure(service.settings.log_level)
    sockets = [_listen(plan.host, _own_port(plan, service))]
    staff_port = None
    if plan.staff_port is not None:
        sockets.append(_listen(plan.host, plan.staff_port))
        staff_port = sockets[1].getsockname()[1]
    if service.settings.dev:
        scheme = urlsplit(service.base_url).scheme
        staff_url = f"{scheme}://localhost:{staff_port}" if staff_port else service.base_url
        devfile.set_staff_url(plan.data, staff_url)
    service.engine.dispose()
    os.environ.update(worker.environment(plan.data.resolve(), staff_port))
    sys.stderr.write(f"serving {service.base_url} on {plan.host}:{sockets[0].getsockname()[1]}\n")
    _serve(plan, sockets)


def _check(plan: Plan, service: Service) -> None:
    if plan.staff_port is None and not service.settings.dev:
        raise Refused("malformed", "--staff-port is needed: outside --dev staff never share the public port")
    if (plan.tls_cert is None) != (plan.tls_key is None):
        raise Refused("malformed", "--tls-cert and --tls-key belong together")
    if plan.staff_port and plan.staff_port == _own_port(plan, service):
        raise Refused("malformed", "--staff-port is the public port", hint="Give the staff listener another port.")
    if plan.tls_cert is None or plan.tls_key is None:
        return
    if plan.tls_key.exists():
        require_private(plan.tls_key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(plan.tls_cert, plan.tls_key)
    except OSError as error:  # ssl.SSLError is one
        why = error.strerror or str(error) if not isinstance(error, ssl.SSLError) else "they do not belong together"
        raise Refused(
            "malformed",
            f"{plan.tls_cert} and {plan.tls_key} cannot be used: {why}",
            hint="Give the certificate chain as --tls-cert and its own private key as --tls-key, both PEM.",
        ) from error


def _own_port(plan: Plan, service: Service) -> int:
    return plan.port if plan.port is not None else urlsplit(service.base_url).port or 8000


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        detail = f"port {port} of {host} cannot be used: {error.strerror}"
        raise Refused("unavailable", detail, hint="Stop what uses it, or choose another --host or --port.") from error
    listener.set_inheritable(True)
    return listener


def _serve(plan: Plan, sockets: list[socket.socket]) -> None:
    config = uvicorn.Config(
        "idservice.worker:application",
        factory=True,
        workers=plan.workers,
        http=GuardedProtocol,
        ws="none",
        proxy_headers=False,  # who is believed is a setting: idservice.source
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=GRACE_SECONDS,
        ssl_certfile=plan.tls_cert,
        ssl_keyfile=plan.tls_key,
    )
    if plan.workers > 1:
        Multiprocess(config, sockets=sockets).run()
        return
    # uvicorn raises the signal again after its own handling: with nothing behind it, that ends with status 0.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server = uvicorn.Server(config)
    server.run(sockets=sockets)
    if not server.started:
        raise Refused("unavailable", "the service did not start; the lines above say why")
