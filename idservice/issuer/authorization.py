"""Who is calling a protected endpoint: access tokens and DPoP proofs (RFC 6750, RFC 9449; T49, T53).

A DPoP `jti` is remembered in a short transaction of its own, so that a refusal later on does not free it again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from credentials.errors import ProtocolError
from credentials.openid.dpop import DpopProof, check_dpop_proof
from credentials.openid.oauth import parse_authorization
from idservice import single_use
from idservice.database import reading, transaction
from idservice.issuer import rows
from idservice.issuer.offers import digest
from idservice.service import Service

DPOP_ALGS = ("ES256", "ES384", "EdDSA")
"""What wallets may sign DPoP proofs with, as published in the metadata."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a valid access token allows: the offer's credentials, by configuration or by identifier.

    `granted` maps a configuration id to its credential identifiers, or to None where the token response listed none.
    """

    token_id: str
    offer_id: str
    client_id: str | None
    granted: Mapping[str, tuple[str, ...] | None]


class TokenRefused(ProtocolError):
    """A protected endpoint does not accept the token or its proof: 401 with a challenge (RFC 6750 3, RFC 9449 7.1).

    The challenge names both schemes, since direct offers also give Bearer tokens.
    """

    def __init__(self, error: str, detail: str, *, code: str = "unauthenticated", hint: str = "") -> None:
        challenge = f'DPoP error="{error}", algs="{" ".join(DPOP_ALGS)}", Bearer'
        hint = hint or "Fetch a new access token and call again."
        super().__init__(error, detail, code=code, hint=hint, status=401, headers={"WWW-Authenticate": challenge})


def prove(service: Service, proofs: Sequence[str], *, url: str) -> DpopProof | None:
    """Check the DPoP header of a POST to `url` without an access token and remember it; None when there is none.

    Raises ProtocolError `invalid_dpop_proof`.
    """
    if not proofs:
        return None
    proof = check_dpop_proof(_single(proofs), method="POST", url=url, now=service.clock.now(), algs=DPOP_ALGS)
    with transaction(service.engine) as db:
        _remember(db, proof)
    return proof


def authorize(service: Service, *, authorization: str | None, proofs: Sequence[str], url: str) -> Access:
    """Return what the caller of a POST to `url` may do, by its Authorization and DPoP headers.

    Raises TokenRefused `invalid_token` or `invalid_dpop_proof`.
    """
    try:
        scheme, token = parse_authorization(authorization)
        # Only a DPoP proof is remembered; a Bearer token is read without waiting for writers.
        with transaction(service.engine) if proofs else reading(service.engine) as db:
            row = rows.token(db, "access", digest(token))
            if row is None or service.clock.now() >= row.expires_at:
                raise TokenRefused("invalid_token", "the access token is unknown, over or revoked")
            if (scheme == "dpop") != (row.jkt is not None):
                raise TokenRefused("invalid_token", "the access token came under another scheme than it was made for")
            if row.jkt is not None:
                proof = check_dpop_proof(
                    _single(proofs),
                    method="POST",
                    url=url,
                    now=service.clock.now(),
                    access_token=token,
                    expected_jkt=row.jkt,
                    algs=DPOP_ALGS,
                )
                _remember(db, proof)
    except TokenRefused:
        raise
    except ProtocolError as exc:
        # The same refusals are 400 at the token endpoint and 401 here.
        raise TokenRefused(exc.error, exc.detail, code=exc.code, hint=exc.hint) from exc
    granted = {name: None if names is None else tuple(names) for name, names in row.granted.items()}
    return Access(token_id=row.id, offer_id=row.offer_id, client_id=row.client_id, granted=granted)


def _single(proofs: Sequence[str]) -> str:
    if len(proofs) != 1:
        raise ProtocolError("invalid_dpop_proof", "send exactly one DPoP header", hint="Sign one proof per request.")
    return proofs[0]


def _remember(db: Connection, proof: DpopProof) -> None:
    if not single_use.consume(db, "dpop_jti", f"{proof.jkt}:{proof.jti}", expires_at=proof.expires_at):
        raise ProtocolError(
            "invalid_dpop_proof",
            "the DPoP proof was used before",
            code="request_replayed",
            hint="Sign a new proof, with a fresh jti, for each request.",
        )
