"""A verifier's request: fetched from its link, and checked before anything of it is shown (T55, T56).

OpenID4VP 1.0 sections 5.7 to 5.10. Who asks has to be in a signed list, or added by hand.
"""

from typing import TYPE_CHECKING, Final

from credentials.errors import VerifierUntrusted as ListHasNot
from credentials.openid import request as requests
from credentials.openid.request import AuthorizationRequest, RequestLink
from did.errors import IdError
from wallet_cli.client import server_error
from wallet_cli.errors import VerifierUntrusted, WalletError
from wallet_cli.text import clean

if TYPE_CHECKING:
    from wallet_cli.session import Session

TRANSACTION_TYPES: Final = frozenset({"tax-return", "payment", "deed", "case-decision"})
"""Transactions whose data the consent screen can show in full."""
WALLET_METADATA: Final = {
    "vp_formats_supported": {"dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}},
    "client_id_prefixes_supported": ["x509_hash", "decentralized_identifier"],
}


def open_request(session: "Session", text: str) -> AuthorizationRequest:
    """Fetch and check the request behind a link; nothing of it is shown before every check has passed.

    A verifier that the kept list lacks has the list fetched once more. Raises VerifierUntrusted and what
    `check_request` raises.
    """
    link = requests.parse_request_link(text, dev=session.wallet.dev)
    wallet_nonce = session.new_id() if link.method == "post" else None
    token = _fetch_request(session, link, wallet_nonce)
    try:
        return _check(session, link, token, wallet_nonce)
    except ListHasNot:
        if not session.wallet.services:
            raise _unknown_verifier() from None
    session.services.refresh_all()
    try:
        return _check(session, link, token, wallet_nonce)
    except ListHasNot as exc:
        raise _unknown_verifier(exc) from exc


def _fetch_request(session: "Session", link: RequestLink, wallet_nonce: str | None) -> str:
    if wallet_nonce is not None:
        body = requests.build_request_uri_post(wallet_nonce=wallet_nonce, wallet_metadata=WALLET_METADATA)
        form = "application/x-www-form-urlencoded"
        answer = session.client.post(link.request_uri, body, content_type=form, accept=requests.MEDIA_TYPE)
    else:
        answer = session.client.get(link.request_uri, accept=requests.MEDIA_TYPE)
    if not answer.ok:
        raise server_error(answer)
    if answer.media_type != requests.MEDIA_TYPE:
        raise WalletError("What lies at the link is not a request.", hint="open the page again and use its new code")
    try:
        return answer.body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise WalletError("What lies at the link is not a request.", hint="open the page again") from None


def _check(session: "Session", link: RequestLink, token: str, wallet_nonce: str | None) -> AuthorizationRequest:
    failure: ListHasNot | None = None
    for trust in session.services.verifier_trusts():
        try:
            return requests.check_request(
                token,
                link_client_id=link.client_id,
                trust=trust,
                now=session.now(),
                wallet_nonce=wallet_nonce,
                transaction_data_types=TRANSACTION_TYPES,
                fetch=session.client.fetch,
                dev=session.wallet.dev,
            )
        except ListHasNot as exc:
            failure = exc
    raise failure or ListHasNot("nobody vouches for this verifier")


def _unknown_verifier(cause: IdError | None = None) -> VerifierUntrusted:
    return VerifierUntrusted(
        "Who asks is not in the signed list.",
        why=clean(f"{cause or 'The wallet follows no list'}.  Nothing was shown to you or sent to them."),
        hint="ask the organisation whether it is registered; do not share anything before",
    )
