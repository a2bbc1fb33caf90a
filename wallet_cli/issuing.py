"""Talking OpenID4VCI to one issuer: metadata, token, nonce, credential, notification (1.0, sections 6-12).

Every message is built and checked by credentials/openid. This file adds the order, the DPoP key and
server nonces (RFC 9449), and the wallet's retry after a stale `c_nonce`; what is stored when is
receiving.py's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from credentials.errors import ProtocolError
from credentials.openid import credential as messages
from credentials.openid.dpop import build_dpop_proof
from credentials.openid.key_proof import build_key_proof
from credentials.openid.metadata import (
    AUTHORIZATION_SERVER,
    ISSUER,
    AuthorizationServerMetadata,
    CredentialConfiguration,
    IssuerMetadata,
    check_authorization_server_metadata,
    check_issuer_metadata,
    parse_authorization_server_metadata,
    parse_issuer_metadata,
    well_known_url,
)
from credentials.openid.oauth import parse_error
from credentials.openid.token import (
    TokenRequest,
    TokenResponse,
    build_token_request,
    check_token_response,
    parse_token_response,
)
from did.signing import LocalSigner
from wallet_cli.client import JSON, Answer, need_json, server_error
from wallet_cli.errors import Unavailable, WalletError

if TYPE_CHECKING:
    from wallet_cli.session import Session

CLIENT_ID: Final = "openresidency-wallet"
DETAIL_TYPE: Final = "openid_credential"
DEFAULT_TOKEN_LIFETIME: Final = timedelta(minutes=5)
NONCE_TRIES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An access token in use. `key` is what it is bound to, None for a Bearer token."""

    token: str
    key: LocalSigner | None

    @property
    def scheme(self) -> str:
        """The scheme of the Authorization header."""
        return "Bearer" if self.key is None else "DPoP"


def read_issuer(session: "Session", issuer_id: str) -> IssuerMetadata:
    """Fetch and check an issuer's metadata: from its well-known place, and of this very issuer (T43)."""
    url = well_known_url(issuer_id, ISSUER)
    body = need_json(session.client.get(url, accept=JSON))
    return check_issuer_metadata(
        parse_issuer_metadata(body), credential_issuer=issuer_id, dev=session.wallet.dev, haip=False
    )


def read_server(session: "Session", identifier: str) -> AuthorizationServerMetadata:
    """Fetch and check the metadata of an issuer's authorization server (RFC 8414, 3)."""
    url = well_known_url(identifier, AUTHORIZATION_SERVER)
    body = need_json(session.client.get(url, accept=JSON))
    return check_authorization_server_metadata(
        parse_authorization_server_metadata(body), issuer=identifier, dev=session.wallet.dev
    )


class Issuing:
    """One exchange with one issuer and its authorization server."""

    def __init__(self, session: "Session", metadata: IssuerMetadata, server: AuthorizationServerMetadata) -> None:
        self._session = session
        self.metadata = metadata
        self.server = server
        self._dpop_nonces: dict[str, str] = {}

    @property
    def issuer_id(self) -> str:
        """The Credential Issuer Identifier."""
        return self.metadata.credential_issuer

    @property
    def client_id(self) -> str | None:
        """Our name towards the server: none where it lets wallets stay anonymous."""
        return None if self.server.anonymous_pre_authorized else CLIENT_ID

    @property
    def takes_details(self) -> bool:
        """Whether `authorization_details`, and so pairwise slots, can be asked for."""
        return DETAIL_TYPE in self.server.authorization_details_types

    def token(self, request: TokenRequest, *, key: LocalSigner | None) -> TokenResponse:
        """Redeem a code or a refresh token, under `key` by DPoP when there is one. Section 6, RFC 9449 5."""
        body = build_token_request(request)
        answer = self._post_proven(
            self.server.token_endpoint, body, "application/x-www-form-urlencoded", key=key, access=None
        )
        response = parse_token_response(need_json(answer))
        return check_token_response(response, request=request, dpop=key is not None)

    def credentials(
        self,
        access: Access,
        *,
        configuration: CredentialConfiguration,
        identifier: str,
        keys: Sequence[LocalSigner],
    ) -> messages.CredentialResponse:
        """Prove `keys` and return what is issued to them; the same keys again under a new nonce where it was stale.

        Section 8; contract on retries: a nonce ends with the request that it served.
        """
        for attempt in range(NONCE_TRIES):
            nonce = self._nonce()
            proofs = tuple(
                build_key_proof(
                    signer=key,
                    audience=self.issuer_id,
                    nonce=nonce,
                    now=self._session.now(),
                    client_id=self.client_id,
                )
                for key in keys
            )
            body = messages.build_credential_request(
                messages.CredentialRequest(
                    configuration_id=None if identifier else configuration.id,
                    identifier=identifier or None,
                    proof_type="jwt" if configuration.proof_algs else None,
                    proofs=proofs if configuration.proof_algs else (),
                )
            )
            try:
                answer = self._post_proven(self.metadata.credential_endpoint, body, JSON, key=access.key, access=access)
                response = messages.parse_credential_response(need_json(answer))
            except ProtocolError as exc:
                if exc.error == "invalid_nonce" and attempt < NONCE_TRIES - 1:
                    continue
                raise
            if isinstance(response, messages.DeferredResponse):
                raise Unavailable(
                    "The issuer has not made the credential yet.",
                    why=f"It asks for {response.interval.total_seconds():.0f} seconds.  Your keys are kept.",
                    hint="run wallet receive again later",
                )
            return messages.check_credential_response(response, keys=len(keys))
        raise AssertionError("unreachable")

    def notify(self, access: Access, notification_id: str, event: messages.NotificationEvent) -> bool:
        """Tell the issuer what became of its credentials; False where it could not be told. Section 11."""
        endpoint = self.metadata.notification_endpoint
        if endpoint is None:
            return True
        body = messages.build_notification(messages.Notification(notification_id=notification_id, event=event))
        try:
            return self._post_proven(endpoint, body, JSON, key=access.key, access=access).ok
        except (WalletError, ProtocolError):
            return False

    def _nonce(self) -> str | None:
        endpoint = self.metadata.nonce_endpoint
        if endpoint is None:
            return None
        answer = self._session.client.post(endpoint, b"", content_type=JSON)
        self._remember_dpop_nonce(endpoint, answer)
        return messages.parse_nonce_response(need_json(answer))

    def _post_proven(
        self, url: str, body: bytes, content_type: str, *, key: LocalSigner | None, access: Access | None
    ) -> Answer:
        """POST with a DPoP proof when there is a key, once more when the server wants a nonce of its own in it."""
        answer = self._post_once(url, body, content_type, key=key, access=access)
        if answer.ok or key is None or "dpop-nonce" not in answer.headers:
            return answer
        wants = "use_dpop_nonce" in answer.headers.get("www-authenticate", "")
        if not wants and answer.media_type == JSON:
            wants = parse_error(answer.body).error == "use_dpop_nonce"
        return self._post_once(url, body, content_type, key=key, access=access) if wants else answer

    def _post_once(
        self, url: str, body: bytes, content_type: str, *, key: LocalSigner | None, access: Access | None
    ) -> Answer:
        headers: dict[str, str] = {}
        if access is not None:
            headers["Authorization"] = f"{access.scheme} {access.token}"
        if key is not None:
            headers["DPoP"] = dpop_header(
                self._session,
                key,
                method="POST",
                url=url,
                access_token=access.token if access is not None else None,
                nonce=self._dpop_nonces.get(_origin(url)),
            )
        answer = self._session.client.post(url, body, content_type=content_type, headers=headers)
        self._remember_dpop_nonce(url, answer)
        return answer

    def _remember_dpop_nonce(self, url: str, answer: Answer) -> None:
        nonce = answer.headers.get("dpop-nonce")
        if nonce and len(nonce) <= 512:
            self._dpop_nonces[_origin(url)] = nonce


def dpop_header(
    session: "Session",
    key: LocalSigner,
    *,
    method: str,
    url: str,
    access_token: str | None = None,
    nonce: str | None = None,
) -> str:
    """Return a fresh DPoP proof for one request."""
    return build_dpop_proof(
        signer=key,
        method=method,
        url=url,
        now=session.now(),
        jti=session.new_id(),
        access_token=access_token,
        nonce=nonce,
    )


def _origin(url: str) -> str:
    from credentials.openid.links import origin

    return origin(url)


def choose_identifier(identifiers: Sequence[str], *, tied: Mapping[str, str], draw: int) -> str:
    """Return the credential identifier to ask for: an untied slot drawn at random, or the only one there is.

    `identifiers` come from the token answer (`e-residency/0` ...); `tied` are slots that belong to an agency
    already; `draw` is a random number. Empty when the answer named none.
    """
    free = [name for name in identifiers if name not in tied]
    if not identifiers:
        return ""
    pool = free or list(identifiers)
    return pool[draw % len(pool)]


__all__ = [
    "Access",
    "Issuing",
    "choose_identifier",
    "dpop_header",
    "read_issuer",
    "read_server",
    "server_error",
]
