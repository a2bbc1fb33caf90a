"""Type metadata as published: the first bytes of a `vct` are its bytes for good (T20)."""

import json
from hashlib import sha256
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import Connection

from idservice.catalogue import CredentialType, TypeCatalogue
from idservice.database import insert_once
from idservice.problems import Refused
from idservice.registry.rows import type_metadata
from idservice.service import Service


def publish(db: Connection, service: Service) -> TypeCatalogue:
    """Publish the types that are new and return all of them with the bytes that hold.

    A type whose words were changed in its file keeps those published; raise its version to change them. Raises
    Refused (`conflict`) when its rules were changed: copies that are out promise the old ones.
    """
    held: dict[str, bytes] = {}
    for kind in service.types:
        row = {"vct": kind.vct, "rules_digest": _rules(kind), "document": kind.metadata}
        insert_once(db, type_metadata, {**row, "published_at": service.clock.now()})
        found = db.execute(select(type_metadata).where(type_metadata.c.vct == kind.vct)).one()
        if found.rules_digest != row["rules_digest"]:
            raise Refused(
                "conflict",
                f"the claims of type {kind.name} differ from those published as version {kind.version}",
                hint="Raise `version` in the type file, or restore the file.",
            )
        if found.document != kind.metadata:
            service.log.warning("a type file has new words; the published ones stay until its version is raised")
        held[kind.vct] = found.document
    return service.types.with_metadata(held)


def document(db: Connection, vct: str) -> bytes | None:
    """Return the bytes published at a `vct`, of this or an earlier version."""
    return db.execute(select(type_metadata.c.document).where(type_metadata.c.vct == vct)).scalar()


def _rules(kind: CredentialType) -> bytes:
    metadata: dict[str, Any] = json.loads(kind.metadata)
    rules = [{name: claim[name] for name in ("path", "mandatory", "sd")} for claim in metadata["claims"]]
    return sha256(json.dumps([metadata["vct"], rules]).encode()).digest()
