"""The certificate of a person's `sign` key: made when the first copy is issued, so never live before activation (S02).

It is kept, sealed, with its credential: a refreshed copy carries the same chain, and a document signed under an older
copy still names the certificate that stands in the newer one.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row

from credentials import x509
from did.keys import PublicKey
from idservice.issuer import rows
from idservice.service import Service

LIFETIME = timedelta(days=5 * 365)
"""Validity where the credential itself names no last day."""
_MAX_NAME = 64
"""Longest common name in bytes (RFC 5280, upper bound of X.520)."""


def chain(db: Connection, service: Service, row: Row[Any], key: PublicKey, claims: Mapping[str, Any]) -> str:
    """Return the PEM chain, leaf first, for the `sign` key of a credential's row; made and kept the first time."""
    context = f"issuer_credentials.certificate:{row.id}"
    if row.certificate is not None:
        kept = json.loads(service.keys.unseal(row.certificate, context))
        if kept["thumbprint"] == key.thumbprint():
            return str(kept["chain"])
    pem = _make(service, row, key, claims)
    kept = json.dumps({"thumbprint": key.thumbprint(), "chain": pem})
    rows.keep_certificate(db, row.id, service.keys.seal(kept.encode(), context))
    return pem


def _make(service: Service, row: Row[Any], key: PublicKey, claims: Mapping[str, Any]) -> str:
    now = service.clock.now()
    root, signer = service.keys.resident_ca()
    leaf = x509.make_leaf(
        profile="document_signing",
        subject_name=_shortened(f"{claims['given_name']} {claims['family_name']}"),
        # The form of ETSI EN 319 412-1 for a national personal number.
        serial_number=f"PNO{service.settings.issuing_country}-{claims['personal_administrative_number']}",
        public_key=key,
        root=root,
        root_signer=signer,
        now=now,
        lifetime=LIFETIME if row.ends_on is None else _end(row.ends_on, now) - now,
    )
    return x509.to_pem(leaf) + x509.to_pem(root)


def _shortened(name: str) -> str:
    return name.encode()[:_MAX_NAME].decode(errors="ignore").strip()


def _end(last_day: Any, now: datetime) -> datetime:
    return datetime.combine(last_day + timedelta(days=1), datetime.min.time(), tzinfo=now.tzinfo)
