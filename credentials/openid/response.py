"""Authorization response of OpenID4VP 1.0 (section 8) by `direct_post` and `direct_post.jwt`."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from credentials.errors import AlgorithmNotAllowed, IdError, ProtocolError
from credentials.jwe import decrypt_jwe, encrypt_jwe
from credentials.openid import haip
from credentials.openid.links import check_url
from credentials.openid.request_model import AuthorizationRequest
from credentials.openid.wire import build_form, build_json, parse_form, parse_json, text_member
from did.encoding import b64url_decode, b64url_encode, json_object
from did.keys import PrivateKey

Presentation = str | Mapping[str, Any]
MAX_QUERIES: Final = 64
MAX_PRESENTATIONS: Final = 64
_HASHES: Final[Mapping[str, str]] = {"sha-256": "sha256"}
_WHAT: Final = "the answer"
_HINT: Final = "Answer the request again, as it asks."


def _refused(detail: str, *, code: str = "malformed") -> ProtocolError:
    return ProtocolError("invalid_request", detail, code=code, hint=_HINT)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedResponse:
    """A `direct_post.jwt` answer before decryption; `kid` names the key and so the request."""

    jwe: str = field(repr=False)
    kid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainResponse:
    """The response parameters: exactly one of `vp_token` and `error`. `body` = the bytes they were read from."""

    vp_token: Mapping[str, tuple[Presentation, ...]] | None = field(default=None, repr=False)
    error: str | None = None
    error_description: str | None = None
    state: str | None = None
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that belongs to the request. `vp_token` None = refused, with `error`. `plaintext` = the decrypted
    bytes (the form body when plain), from which a receipt id is made."""

    vp_token: Mapping[str, tuple[Presentation, ...]] | None = field(repr=False)
    error: str | None
    plaintext: bytes = field(repr=False)


def encryption_key(key: PrivateKey, *, kid: str) -> dict[str, Any]:
    """Return the public JWK of a verifier's ephemeral P-256 key with `kid`, `use` and `alg`. HAIP 5."""
    return {**key.public_key.to_jwk(), "kid": kid, "use": "enc", "alg": haip.JWE_ALG}


def transaction_data_hashes(transaction_data: Sequence[str], *, algorithm: str = "sha-256") -> list[str]:
    """Return base64url(hash(ASCII)) of each string as it was received. Appendix B.3.3.

    Raises AlgorithmNotAllowed for another hash than sha-256.
    """
    name = _HASHES.get(algorithm)
    if name is None:
        raise AlgorithmNotAllowed(f"transaction data are hashed with {', '.join(_HASHES)}")
    return [b64url_encode(hashlib.new(name, text.encode("ascii")).digest()) for text in transaction_data]


# --- build ---------------------------------------------------------------------------------------


def build_response(request: AuthorizationRequest, vp_token: Mapping[str, Sequence[Presentation]]) -> bytes:
    """Return the form body to post to `response_uri`, encrypted as the request asks. Sections 8.2, 8.3."""
    token = {query_id: list(presentations) for query_id, presentations in vp_token.items()}
    if request.encryption_jwk is None or request.encryption_enc is None:
        return build_form({"vp_token": build_json(token).decode(), **_state(request)})
    plain = build_json({"vp_token": token, **_state(request)})
    return build_form(
        {"response": encrypt_jwe(plain, recipient_jwk=request.encryption_jwk, enc=request.encryption_enc)}
    )


def build_error_response(request: AuthorizationRequest, error: str, *, description: str | None = None) -> bytes:
    """Return the form body that tells the verifier of an error, `access_denied` for a refusal. Section 8.5."""
    told = {"error": error, **({"error_description": description} if description else {}), **_state(request)}
    return build_form(told)


def _state(request: AuthorizationRequest) -> dict[str, str]:
    return {} if request.state is None else {"state": request.state}


def build_response_answer(*, redirect_uri: str | None = None) -> bytes:
    """Return the JSON the verifier answers with; `redirect_uri` in the same-device flow. Section 8.2."""
    return build_json({} if redirect_uri is None else {"redirect_uri": redirect_uri})


# --- parse ---------------------------------------------------------------------------------------


def parse_response(body: bytes) -> EncryptedResponse | PlainResponse:
    """Return the answer in a form body (T54). Raises ProtocolError `invalid_request`. Section 8.2."""
    form = parse_form(body)
    if "response" not in form:
        if "vp_token" in form:
            return _plain({**form, "vp_token": parse_json(form["vp_token"], what="vp_token")}, body)
        return _plain(form, body)
    if "vp_token" in form or "error" in form:
        raise _refused("an encrypted answer has no vp_token or error beside it")
    jwe = form["response"]
    try:
        header = json_object(b64url_decode(jwe.partition(".")[0], max_bytes=4096))
    except IdError as exc:
        raise _refused("the encrypted answer cannot be read") from exc
    kid = header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise _refused("kid of the encrypted answer is not a string")
    return EncryptedResponse(jwe=jwe, kid=kid)


def _plain(value: Mapping[str, Any], body: bytes) -> PlainResponse:
    if ("vp_token" in value) == ("error" in value):
        raise _refused("the answer needs exactly one of vp_token and error")
    return PlainResponse(
        vp_token=_vp_token(value["vp_token"]) if "vp_token" in value else None,
        error=text_member(value, "error", what=_WHAT, max_chars=128),
        error_description=text_member(value, "error_description", what=_WHAT),
        state=text_member(value, "state", what=_WHAT),
        body=body,
    )


def _vp_token(value: object) -> dict[str, tuple[Presentation, ...]]:
    if not isinstance(value, dict) or not 0 < len(value) <= MAX_QUERIES:
        raise _refused("vp_token is not a JSON object with members")
    return {query_id: _presentations(entry) for query_id, entry in value.items()}


def _presentations(entry: object) -> tuple[Presentation, ...]:
    if not isinstance(entry, list) or not 0 < len(entry) <= MAX_PRESENTATIONS:
        raise _refused("a member of vp_token is not a non-empty array")
    if not all(isinstance(one, str | dict) and one for one in entry):
        raise _refused("a presentation is neither a string nor an object")
    return tuple(entry)


def parse_response_answer(body: bytes, *, dev: bool = False) -> str | None:
    """Return the `redirect_uri` to follow, or None. `dev` allows http on loopback names. Section 8.2.

    Raises ProtocolError.
    """
    value = parse_json(body, what="the verifier's reply")
    uri = text_member(value, "redirect_uri", what="the verifier's reply")
    return None if uri is None else check_url(uri, what="redirect_uri", dev=dev, fragment=True)


# --- check ---------------------------------------------------------------------------------------


def check_response(
    response: EncryptedResponse | PlainResponse,
    *,
    response_mode: str,
    state: str | None,
    keys: Mapping[str, PrivateKey],
) -> Answer:
    """Decrypt if need be and see that the answer belongs to this request (T54, T57).

    A plain `vp_token` is refused where encryption was asked; a plain error is not (section 8.5). `keys`: kid -> key.
    Raises ProtocolError `invalid_request`: what raises here leaves the request as it was. What the presentations say,
    and whether they answer the query, is verify.py's.
    """
    if isinstance(response, EncryptedResponse):
        if response_mode != "direct_post.jwt":
            raise _refused("the answer is encrypted, which was not asked for")
        plain = _decrypted(response, keys)
    else:
        plain = response
        if response_mode != "direct_post" and plain.vp_token is not None:
            raise _refused("the answer is not encrypted, as was asked for")
    if (plain.state is None) != (state is None) or not hmac.compare_digest(
        (plain.state or "").encode(), (state or "").encode()
    ):
        raise _refused("the answer carries another state than the request")
    return Answer(vp_token=plain.vp_token, error=plain.error, plaintext=plain.body)


def _decrypted(response: EncryptedResponse, keys: Mapping[str, PrivateKey]) -> PlainResponse:
    try:
        plaintext = decrypt_jwe(response.jwe, keys=keys, encs=haip.JWE_ENCS)
    except IdError as exc:
        raise _refused(f"the answer cannot be decrypted: {exc.detail}", code=exc.code) from exc
    return _plain(parse_json(plaintext, what="the decrypted answer"), plaintext)
