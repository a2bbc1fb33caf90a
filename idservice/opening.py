"""From a data folder to a `Service`: made once by `init`, opened by every command and worker."""

import logging
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from did.errors import IdError
from did.keyfile import KdfParams
from idservice import migrate as migrations
from idservice.catalogue import SHIPPED, TypeCatalogue, load_catalogue
from idservice.clock import OFFSET_FILE, Clock, SystemClock
from idservice.database import make_engine, transaction
from idservice.keystore import Installation, KeyStore, did_web
from idservice.outbound import LOOPBACK_NAMES, Outbound
from idservice.problems import Refused
from idservice.registry import answers, status, types
from idservice.service import Service
from idservice.settings import Options, Settings, read_options
from idservice.vault import create_vault, open_vault


def create(data: Path, installation: Installation, *, options: Options, clock: Clock, kdf: KdfParams) -> KeyStore:
    """Make keys and roots in a new data folder (0700). Raises Refused when it holds a service, or a URL will not do."""
    check_base_url(installation.base_url, dev=installation.dev)
    check_base_url(installation.staff_url, dev=installation.dev)
    try:
        did_web(installation)
    except IdError as error:
        raise Refused(
            "malformed",
            f"no identifier can be made from {installation.base_url}: {error.detail}",
            hint="Give a public name, such as https://id.example; localhost goes with --dev.",
        ) from error
    if data.exists() and any(data.iterdir()):
        raise Refused("conflict", f"{data} is not empty", hint="Choose a new folder.")
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    keys = KeyStore(data, create_vault(data, options, kdf), clock, signers=options.signers)
    keys.create(installation)
    return keys


def open_service(
    data: Path, *, options: Options | None = None, clock: Clock | None = None, migrate: bool = False
) -> Service:
    """Open the service of a data folder; with `migrate`, bring its database up first (`init` and `serve` only).

    Raises Refused (`unavailable`): keys that others may read (T79), a clock before the last signed time (T88);
    (`malformed`, `conflict`): settings that are unknown, a type file that is wrong or breaks what was published.
    """
    options = read_options(data) if options is None else options
    vault = open_vault(data, options)
    installation = KeyStore(data, vault, SystemClock(), signers=options.signers).installation
    clock = clock or SystemClock(data / OFFSET_FILE if installation.dev else None)
    keys = KeyStore(data, vault, clock, signers=options.signers)
    keys.check()
    settings = Settings(
        **options.model_dump(),
        data=data,
        base_url=installation.base_url,
        staff_url=installation.staff_url,
        dev=installation.dev,
    )
    service = Service(
        settings=settings,
        engine=make_engine(settings.database),
        clock=clock,
        keys=keys,
        types=read_types(settings),
        outbound=Outbound(base_url=settings.base_url, dev=settings.dev),
        log=logging.getLogger("idservice"),
    )
    try:
        if migrate:
            migrations.upgrade(service.engine)
        with transaction(service.engine) as db:
            ready = replace(service, types=types.publish(db, service))
            status.ensure_open_list(db, ready)
    except BaseException:
        service.engine.dispose()
        raise
    ready.outbound.local = lambda path, accept: answers.local(ready, path, accept)
    return ready


def read_types(settings: Settings) -> TypeCatalogue:
    """Return the types of the shipped folder and of the operator's."""
    own = settings.types_folder or settings.data / "types"
    constants = {"issuing_authority": settings.issuing_authority, "issuing_country": settings.issuing_country}
    return load_catalogue(
        settings.base_url, [SHIPPED, *([own] if own.is_dir() else [])], dev=settings.dev, settings=constants
    )


def check_base_url(url: str, *, dev: bool) -> None:
    """Refuse a base URL that is not `https://host[:port]`, or `http` to a loopback name in dev."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    loopback = dev and parts.hostname in LOOPBACK_NAMES and parts.scheme in ("http", "https")
    if not parts.hostname or (parts.scheme != "https" and not loopback):
        raise Refused(
            "malformed", f"{url!r} is no https address", hint="Give https://host, or http://localhost with --dev."
        )
    if parts.path or parts.query or parts.fragment or parts.username or url != url.lower() or port == 0:
        raise Refused("malformed", f"{url!r} is more than scheme, host and port", hint="Identifiers are made from it.")
