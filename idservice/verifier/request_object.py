"""The signed request object behind `request_uri` (OpenID4VP 1.0 sections 5.7-5.10, RFC 9101).

Each fetch is signed anew, since a wallet may send a nonce of its own to be echoed; nonce, `state` and encryption key
stay those of the request, so a second fetch asks the same question.
"""

from credentials.openid import request
from idservice import access
from idservice.database import transaction
from idservice.problems import Refused
from idservice.service import Service

from . import rows
from .ask import client_id
from .presentation import OpenRequest


def fetch(service: Service, request_ref: str, *, wallet_nonce: str | None = None) -> str:
    """Return the signed request object and note that a wallet has opened the request.

    Raises Refused: `not_found`, `request_expired` for one that is over, whatever its end was.
    """
    now = service.clock.now()
    with transaction(service.engine) as db:
        found = rows.find(db, now=now, request_ref=request_ref)
        if found is None:
            raise Refused("not_found", "there is no request at this address")
        if not isinstance(found, OpenRequest):
            raise Refused("request_expired", "this request is over")
        agency = access.agency_by_id(service, db, found.agency_id)
        if found.state == "waiting":
            rows.open_(db, found.id, now=now)
    return sign(service, agency, found, wallet_nonce=wallet_nonce)


def sign(service: Service, agency: access.Agency, found: OpenRequest, *, wallet_nonce: str | None) -> str:
    """Return the request object of an open request, under the agency's own key."""
    by_did = found.client_id.startswith("decentralized_identifier:")
    if found.client_id != client_id(service, agency, "decentralized_identifier" if by_did else "x509_hash"):
        # The agency's certificate was changed since it asked: signed by the new one, no wallet could accept it.
        raise Refused("request_expired", "the agency's key was changed since it asked")
    return request.build_request(
        signer=service.keys.agency_signer(agency.id),
        client_id=found.client_id,
        response_uri=service.url(f"/vp/responses/{found.response_ref}"),
        nonce=found.nonce,
        query=found.query,
        now=service.clock.now(),
        expires_at=found.expires_at,
        x5c=() if by_did else service.keys.agency_x5c(agency.id),
        kid=service.keys.agency_kid(agency.id) if by_did else None,
        state=found.wire_state,
        encryption_jwk=found.key_jwk,
        transaction_data=found.transaction_data,
        wallet_nonce=wallet_nonce,
    )
