"""Check the authorization request of OpenID4VP 1.0 as a wallet, before anything of it is shown (T55, T56)."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from credentials.errors import IdError, VerifierUntrusted
from credentials.jose import check_algorithm, check_signature, check_type
from credentials.openid import haip
from credentials.openid.client_id import PREFIXES, PrefixContext, SignedBy
from credentials.openid.dcql_query import Query, parse_query
from credentials.openid.links import check_url, origin
from credentials.openid.request_model import (
    STATIC_AUDIENCE,
    TYP,
    URL_SAFE,
    AuthorizationRequest,
    TransactionData,
    UnsignedRequest,
    UnverifiedRequest,
    parse_request,
    parse_transaction_data,
    refused,
)
from credentials.openid.wire import required_text, text_member, time_member
from credentials.signed_list import TrustedVerifier, VerifierTrust
from did.keys import PublicKey
from did.methods.base import Fetch

ACCEPTED_PREFIXES: Final = frozenset({"x509_hash", "decentralized_identifier"})
MIN_STATE_CHARS: Final = 22
"""128 bits in base64url: `state` alone ties an answer without holder binding to its request (section 5.3)."""

_WHAT: Final = "the request"


def check_request(
    request: str | bytes | UnverifiedRequest,
    *,
    link_client_id: str,
    trust: VerifierTrust,
    now: datetime,
    wallet_nonce: str | None = None,
    transaction_data_types: Collection[str] = (),
    fetch: Fetch | None = None,
    strict: bool = True,
    dev: bool = False,
    prefixes: Collection[str] = ACCEPTED_PREFIXES,
    audience: str = STATIC_AUDIENCE,
) -> AuthorizationRequest:
    """Verify a request object and return the typed request (T55, T56).

    `link_client_id` = the one in the link; `trust` = signed list and roots the person added; `wallet_nonce` = the one
    sent, if any; `transaction_data_types` = those this wallet can show; `fetch` = for a did:web verifier; `strict` =
    HAIP's demands on the verifier too. Whether the verifier may ask this is `purposes.check_purpose`.

    Raises VerifierUntrusted (code `verifier_untrusted`), ProtocolError `invalid_request`,
    `invalid_transaction_data`, SignatureInvalid, FetchFailed. Sections 5.8-5.10, 8.2, 14.
    """
    parsed = request if isinstance(request, UnverifiedRequest) else parse_request(request)
    if parsed.client_id != link_client_id:
        raise refused("the request object is of another client than the link named", code="verifier_untrusted")
    # Type, algorithm, key trust, signature: until these have passed nothing in the request counts.
    try:
        check_type(parsed.jws, TYP)
        check_algorithm(parsed.jws, haip.SIGNING_ALGS)
    except IdError as exc:
        raise refused(f"the request object is not one: {exc.detail}", code=exc.code) from exc
    if parsed.prefix not in prefixes or parsed.prefix not in PREFIXES:
        raise refused("this client identifier prefix is not accepted", code="verifier_untrusted")
    signed_by = PREFIXES[parsed.prefix](parsed, PrefixContext(trust=trust, now=now, fetch=fetch, dev=dev))
    check_signature(parsed.jws, signed_by.key)
    claims = parsed.unverified_claims  # verified by now
    _check_envelope(claims, now=now, audience=audience, wallet_nonce=wallet_nonce)
    found = _typed(claims, parsed.client_id, signed_by.verifier, types=transaction_data_types, strict=strict, dev=dev)
    _check_place(found.response_uri, signed_by)
    return found


def check_unsigned_request(
    request: UnsignedRequest,
    *,
    transaction_data_types: Collection[str] = (),
    strict: bool = False,
    dev: bool = False,
) -> AuthorizationRequest:
    """Return the typed request of a verifier that nobody vouches for: prefix `redirect_uri`, parameters in the link.

    All that is known of the verifier is where the answer goes: its name is that origin, and it has no purposes. HAIP
    and our own service never ask like this; a wallet calls it only where the person has allowed such verifiers.

    Raises ProtocolError `invalid_request`, `invalid_transaction_data`. Section 5.9.3.
    """
    if request.prefix != "redirect_uri":
        raise refused("a request with this client identifier prefix has to be signed", code="verifier_untrusted")
    claims = request.parameters
    if claims.get("response_uri") != request.identifier:
        raise refused("response_uri is not the one that client_id names", code="verifier_untrusted")
    _check_parameters(claims)
    place = origin(check_url(request.identifier, what="response_uri", dev=dev))
    verifier = TrustedVerifier(name=place, did=None, origins=(place,), agency=None)
    return _typed(claims, request.client_id, verifier, types=transaction_data_types, strict=strict, dev=dev)


def _typed(
    claims: Mapping[str, Any],
    client_id: str,
    verifier: TrustedVerifier,
    *,
    types: Collection[str],
    strict: bool,
    dev: bool,
) -> AuthorizationRequest:
    mode, uri = _check_response(claims, verifier=verifier, strict=strict, dev=dev)
    query = parse_query(claims["dcql_query"])
    encryption = _encryption(claims, strict=strict) if mode == "direct_post.jwt" else None
    return AuthorizationRequest(
        client_id=client_id,
        verifier=verifier,
        response_mode=mode,
        response_uri=uri,
        nonce=_url_safe(claims, "nonce") or "",
        state=_state(claims, query),
        query=query,
        encryption_jwk=encryption[0] if encryption else None,
        encryption_enc=encryption[1] if encryption else None,
        transaction_data=_transaction_data(claims, query, types),
        vp_formats=_metadata(claims).get("vp_formats_supported", {}),
    )


def _check_place(uri: str, signed_by: SignedBy) -> None:
    """What the prefix itself says about `response_uri`, beyond the registered origins."""
    host = urlsplit(uri).hostname
    if signed_by.response_host is not None and host != signed_by.response_host:
        raise refused("response_uri lies on another host than client_id names", code="verifier_untrusted")
    if signed_by.response_uris is not None and uri not in signed_by.response_uris:
        raise refused("response_uri is not one that the verifier's attestation names", code="verifier_untrusted")


def _check_envelope(claims: Mapping[str, Any], *, now: datetime, audience: str, wallet_nonce: str | None) -> None:
    """Section 5.8 and 5.10, and the times a JWT may carry."""
    if claims.get("aud") != audience:
        raise refused("the request is for another wallet", code="audience_mismatch")
    _check_times(claims, now=now)
    if claims.get("wallet_nonce") != wallet_nonce:
        raise refused("the request does not carry the nonce that this wallet sent", code="nonce_mismatch")
    _check_parameters(claims)


def _check_times(claims: Mapping[str, Any], *, now: datetime) -> None:
    issued_at, expires_at = time_member(claims, "iat", what=_WHAT), time_member(claims, "exp", what=_WHAT)
    if issued_at is not None and issued_at > now + haip.CLOCK_SKEW:
        raise refused("the request is from the future: check the clock")
    if expires_at is not None and now >= expires_at + haip.CLOCK_SKEW:
        raise refused("the request has expired", code="request_expired")


def _check_parameters(claims: Mapping[str, Any]) -> None:
    if claims.get("response_type") != haip.RESPONSE_TYPE:
        raise refused(f"response_type is not {haip.RESPONSE_TYPE}")
    for name in ("request", "request_uri"):
        if name in claims:
            raise refused(f"{name} has no place inside a request object")
    if "scope" in claims or "dcql_query" not in claims:
        raise refused("the request needs a dcql_query, and no scope")
    if _url_safe(claims, "nonce") is None:
        raise refused("the request has no nonce")


def _check_response(
    claims: Mapping[str, Any], *, verifier: TrustedVerifier, strict: bool, dev: bool
) -> tuple[str, str]:
    """Return response mode and `response_uri`, which must lie where this verifier said that it would (T56)."""
    mode = claims.get("response_mode")
    if not isinstance(mode, str) or mode not in haip.RESPONSE_MODES:
        raise refused("response_mode is neither direct_post nor direct_post.jwt")
    if strict and mode != haip.RESPONSE_MODE:
        raise refused("the answer would not be encrypted (HAIP 1.0 section 5.1)")
    if "redirect_uri" in claims:
        raise refused("redirect_uri has no place beside direct_post")
    uri = check_url(required_text(claims, "response_uri", what=_WHAT), what="response_uri", dev=dev)
    if origin(uri) not in verifier.origins:
        raise VerifierUntrusted(
            "response_uri lies where this verifier is not registered to receive answers",
            hint="Do not answer. Tell the verifier, or whoever registered it.",
        )
    return mode, uri


def _state(claims: Mapping[str, Any], query: Query) -> str | None:
    state = _url_safe(claims, "state")
    unbound = any(not entry.require_holder_binding for entry in query.credentials)
    if unbound and (state is None or len(state) < MIN_STATE_CHARS):
        raise refused("a request without holder binding needs a state of 128 random bits")
    return state


def _url_safe(claims: Mapping[str, Any], name: str) -> str | None:
    value = text_member(claims, name, what=_WHAT)
    if value is not None and not URL_SAFE.fullmatch(value):
        raise refused(f"{name} has other characters than a URL may have, or is too long")
    return value


def _metadata(claims: Mapping[str, Any]) -> Mapping[str, Any]:
    metadata = claims.get("client_metadata", {})
    if not isinstance(metadata, dict) or not isinstance(metadata.get("vp_formats_supported", {}), dict):
        raise refused("client_metadata, or vp_formats_supported in it, is not a JSON object")
    return metadata


def _encryption(claims: Mapping[str, Any], *, strict: bool) -> tuple[Mapping[str, Any], str]:
    """Return the first key of the verifier that can be used, and the best `enc` it takes. Section 8.3, HAIP 5."""
    metadata = _metadata(claims)
    jwks = metadata.get("jwks")
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise refused("the verifier wants an encrypted answer, yet gives no jwks")
    kids = [key.get("kid") for key in keys]
    if not all(isinstance(kid, str) and kid for kid in kids) or len(set(kids)) != len(kids):
        raise refused("a key of the verifier has no kid, or the same as another")
    usable = next((key for key in keys if _usable(key)), None)
    if usable is None:
        raise refused(f"the verifier gives no key for {haip.JWE_ALG} on {haip.JWE_CURVE}")
    encs = metadata.get("encrypted_response_enc_values_supported", ["A128GCM"])
    if not isinstance(encs, list):
        raise refused("encrypted_response_enc_values_supported is not an array")
    known = [enc for enc in haip.JWE_ENCS if enc in encs]
    if not known or (strict and len(known) != len(haip.JWE_ENCS)):
        raise refused(f"the verifier does not take {' and '.join(haip.JWE_ENCS)} (HAIP 1.0 section 5)")
    return usable, known[-1]


def _usable(jwk: Mapping[str, Any]) -> bool:
    if jwk.get("alg") != haip.JWE_ALG or jwk.get("use", "enc") != "enc" or jwk.get("crv") != haip.JWE_CURVE:
        return False
    try:
        PublicKey.from_jwk(jwk, use="enc")
    except IdError:
        return False
    return True


def _transaction_data(claims: Mapping[str, Any], query: Query, types: Collection[str]) -> tuple[TransactionData, ...]:
    """Section 8.4: known types only, bound to credentials that are asked for with holder binding."""
    if "transaction_data" not in claims:
        return ()
    found = parse_transaction_data(claims["transaction_data"])
    for one in found:
        if one.type not in types:
            raise refused("this wallet does not know the type of the transaction", error="invalid_transaction_data")
        for query_id in one.credential_ids:
            entry = query.credential(query_id)
            if entry is None or not entry.require_holder_binding:
                raise refused(
                    "the transaction names a credential that the request does not ask for with holder binding",
                    error="invalid_transaction_data",
                )
    return found
