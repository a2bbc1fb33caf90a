"""Authorization response of OpenID4VP 1.0 (section 8) by `direct_post` and `direct_post.jwt`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from credentials.openid.dcql import Query
from credentials.openid.request import AuthorizationRequest
from did.keys import PrivateKey

Presentation = str | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedResponse:
    """A `direct_post.jwt` answer before decryption; `kid` names the key and so the request."""

    jwe: str = field(repr=False)
    kid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainResponse:
    """The response parameters: `vp_token` or `error`."""

    vp_token: Mapping[str, tuple[Presentation, ...]] | None = field(default=None, repr=False)
    error: str | None = None
    error_description: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that belongs to the request. `vp_token` None = refused, with `error`. `plaintext` = the decrypted
    bytes (the form body when plain), from which a receipt id is made."""

    vp_token: Mapping[str, tuple[Presentation, ...]] | None = field(repr=False)
    error: str | None
    plaintext: bytes = field(repr=False)


def encryption_key(key: PrivateKey, *, kid: str) -> dict[str, Any]:
    """Return the public JWK of a verifier's ephemeral P-256 key with `kid`, `use` and `alg`. HAIP 5."""
    raise NotImplementedError


def transaction_data_hashes(transaction_data: Sequence[str], *, algorithm: str = "sha-256") -> list[str]:
    """Return base64url(hash(ASCII)) of each string as it was received. Appendix B.3.3."""
    raise NotImplementedError


def build_response(request: AuthorizationRequest, vp_token: Mapping[str, Sequence[Presentation]]) -> bytes:
    """Return the form body to post to `response_uri`, encrypted as the request asks. Sections 8.2, 8.3."""
    raise NotImplementedError


def build_error_response(request: AuthorizationRequest, error: str, *, description: str | None = None) -> bytes:
    """Return the form body that tells the verifier of an error, `access_denied` for a refusal. Section 8.5."""
    raise NotImplementedError


def parse_response(body: bytes) -> EncryptedResponse | PlainResponse:
    """Return the answer in a form body (T54). Raises ProtocolError `invalid_request`. Section 8.2."""
    raise NotImplementedError


def check_response(
    response: EncryptedResponse | PlainResponse,
    *,
    response_mode: str,
    state: str | None,
    query: Query,
    keys: Mapping[str, PrivateKey],
    body: bytes = b"",
) -> Answer:
    """Decrypt if need be and see that the answer belongs to this request (T54, T57).

    A plain `vp_token` is refused where encryption was asked; a plain error is not (section 8.5). `keys`: kid -> key.
    Raises ProtocolError `invalid_request`. What the presentations say is verify.py's.
    """
    raise NotImplementedError


def build_response_answer(*, redirect_uri: str | None = None) -> bytes:
    """Return the JSON the verifier answers with; `redirect_uri` in the same-device flow. Section 8.2."""
    raise NotImplementedError


def parse_response_answer(body: bytes, *, dev: bool = False) -> str | None:
    """Return the `redirect_uri` to follow, or None. Raises ProtocolError. Section 8.2."""
    raise NotImplementedError
