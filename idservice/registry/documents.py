"""The DID documents and key sets that this service hosts: its own, and one for each agency."""

from typing import Any

from sqlalchemy.engine import Connection

from did.document import build_document
from did.signing import JOSE_NAMES
from idservice.access import agency_by_id
from idservice.keystore import Purpose
from idservice.service import Service

ASSERTING: tuple[Purpose, ...] = ("credentials", "status", "metadata", "list")


def service_document(service: Service) -> dict[str, Any]:
    """Return the service's own DID document: the key of each purpose under its name."""
    names: tuple[Purpose, ...] = (*ASSERTING, "requests")
    document = build_document(
        service.did,
        methods={name: service.keys.signer(name).public_key for name in names},
        relationships={"assertionMethod": list(ASSERTING), "authentication": ["requests"]},
    )
    return document.to_json()


def agency_document(service: Service, db: Connection, agency_id: str) -> dict[str, Any]:
    """Return the DID document of an agency: the keys of its request certificates. Raises Refused (`not_found`)."""
    agency = agency_by_id(service, db, agency_id)
    keys = {key.thumbprint(): key for key in service.keys.agency_keys(agency.id)}
    document = build_document(
        agency.did,
        methods=keys,
        relationships={"authentication": list(keys), "assertionMethod": list(keys)},
    )
    return document.to_json()


def jwt_vc_issuer(service: Service) -> dict[str, Any]:
    """Return the JWT VC issuer metadata: base URL and the key that signs credentials (SD-JWT VC, section 4)."""
    key = service.keys.signer("credentials").public_key
    jwk = {**key.to_jwk(), "kid": key.thumbprint(), "use": "sig", "alg": JOSE_NAMES[key.alg]}
    return {"issuer": service.base_url, "jwks": {"keys": [jwk]}}
