"""`wallet explain` for what is signed or encrypted: tokens, lists, credentials and presentations."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from credentials import signed_list
from credentials.claims import format_path
from credentials.errors import StatusUnavailable
from credentials.formats import FORMATS
from credentials.jose import UnverifiedJws, parse_jws, verify_jws
from credentials.openid import request as requests
from credentials.openid.dpop import parse_dpop_proof
from credentials.openid.key_proof import parse_key_proof
from credentials.sd_jwt import parse_sd_jwt
from credentials.status.token_status_list import StatusList, parse_token
from credentials.verify import FetchedStatusList, verify_credential
from did.encoding import b64url_decode, json_object
from did.errors import FetchFailed, IdError
from did.keys import PublicKey
from wallet_cli.explained import NOT_RUN_HINT, Explained, Surroundings, explain_query
from wallet_cli.statuses import CachedStatuses

if TYPE_CHECKING:
    from did.methods.base import Fetched

_TYPES: Final[Mapping[str, str]] = {
    "oauth-authz-req+jwt": "presentation request (request object)",
    "statuslist+jwt": "status list",
    "trusted-list+jwt": "signed list of issuers and agencies",
    "openid4vci-proof+jwt": "key proof",
    "dpop+jwt": "DPoP proof",
    "kb+jwt": "key-binding JWT",
    "application+jwt": "signed application",
    "key-attestation+jwt": "key attestation",
    "openidvci-issuer-metadata+jwt": "signed issuer metadata",
}


def explain_jws(text: str, around: Surroundings) -> Explained:
    """Explain a compact JWS by its `typ`."""
    found = Explained(kind="signed token (JWS)")
    parsed: list[UnverifiedJws] = []
    if not found.hold(
        "shape",
        "RFC 7515 section 7.1",
        "three parts, strict base64url and JSON",
        lambda: parsed.append(parse_jws(text)),
    ):
        return found
    jws = parsed[0]
    typ = jws.header.get("typ")
    found.kind = _TYPES.get(typ, found.kind) if isinstance(typ, str) else found.kind
    found.say("Type", typ)
    found.say("Algorithm", jws.header.get("alg"))
    by_type: Mapping[str, Callable[[Explained, UnverifiedJws, Surroundings], None]] = {
        "oauth-authz-req+jwt": _request,
        "statuslist+jwt": _status_list,
        "trusted-list+jwt": _signed_list,
        "openid4vci-proof+jwt": _key_proof,
        "dpop+jwt": _dpop,
        "application+jwt": _embedded,
    }
    by_type.get(typ if isinstance(typ, str) else "", _unknown)(found, jws, around)
    return found


def _request(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:
    claims = jws.unverified_claims()
    found.say("Client", claims.get("client_id"))
    found.say("Answer goes to", claims.get("response_uri"))
    found.say("Answer mode", claims.get("response_mode"))
    _times(found, claims)
    query = claims.get("dcql_query")
    if isinstance(query, dict):
        inner = explain_query(query)
        found.rows += inner.rows
        found.checks += [check for check in inner.checks if check.outcome == "failed"]
    session = around.session
    if session is None:
        found.note("verifier_trust", "not_run", "signed list", "no wallet is open", hint=NOT_RUN_HINT)
        return

    def check() -> None:
        failure: IdError | None = None
        for trust in session.services.verifier_trusts():
            try:
                requests.check_request(
                    jws.compact,
                    link_client_id=str(claims.get("client_id")),
                    trust=trust,
                    now=around.now,
                    wallet_nonce=claims.get("wallet_nonce"),
                    transaction_data_types=("tax-return", "payment", "deed", "case-decision", "document-sign"),
                    fetch=_no_fetch,
                    dev=around.dev,
                )
                return
            except IdError as exc:
                failure = exc
        if failure is not None:
            raise failure

    found.hold(
        "request", "OpenID4VP 1.0 sections 5.8-5.10, HAIP 1.0 section 5", "signed by a registered verifier", check
    )


def _status_list(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:
    def read() -> None:
        token = parse_token(jws.compact)
        found.say("List", token.uri)
        statuses = StatusList.from_compressed(token.bits, token.compressed)
        found.say("Entries", f"{len(statuses)} of {token.bits} bits")
        found.say("Made", token.issued_at.isoformat())
        if token.expires_at is not None:
            found.say("Ends", token.expires_at.isoformat())
            if token.expires_at <= around.now:
                raise StatusUnavailable("the status list has run out")

    found.hold("list", "Token Status List section 5.1", "the array can be read and has not run out", read)
    _x5c_signature(found, jws)


def _signed_list(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:
    parsed = signed_list.parse_trusted_list(jws.compact)
    key = signed_list.fingerprint(parsed.key)
    found.say("Fingerprint", key)

    def check() -> None:
        checked = signed_list.check_trusted_list(
            parsed, publisher=str(parsed.unverified_claims.get("iss")), pinned=key, now=around.now
        )
        found.say("Service", checked.publisher)
        found.say("Number", checked.sequence)
        found.say("Issuers", len(checked.issuers))
        found.say("Agencies", len(checked.agencies))

    found.hold("list", "contract of the signed list", "signed by the key it carries, and not run out", check)
    pinned = [one.pinned for one in around.session.wallet.services] if around.session is not None else []
    if key in pinned:
        found.note("pin", "passed", "contract of the signed list", "this is the key that the wallet pinned")
    else:
        found.note(
            "pin", "warning", "contract of the signed list", "not a key that the wallet pinned", hint="compare it"
        )


def _key_proof(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:  # noqa: ARG001 - one signature
    def check() -> None:
        proof = parse_key_proof(jws.compact)
        found.say("For", proof.audience)
        found.say("Made", proof.issued_at.isoformat())
        if proof.jwk is not None:
            found.say("Key", proof.jwk.thumbprint())
            verify_jws(jws, key=proof.jwk, typ="openid4vci-proof+jwt")

    found.hold("signature", "OpenID4VCI 1.0 appendix F.1", "one key header, and signed by that key", check)


def _dpop(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:  # noqa: ARG001 - one signature
    def check() -> None:
        proof = parse_dpop_proof(jws.compact)
        found.say("For", f"{proof.method} {proof.url}")
        found.say("Key", proof.key.thumbprint())
        verify_jws(jws, key=proof.key, typ="dpop+jwt")

    found.hold("signature", "RFC 9449 section 4.3", "made for one request, signed by its key", check)


def _embedded(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:  # noqa: ARG001 - one signature
    """A signed application: the one place where the key in the header is the point."""
    claims = jws.unverified_claims()
    found.say("For", claims.get("aud"))
    found.say("Asks for", claims.get("type"))
    _times(found, claims)
    jwk = jws.header.get("jwk")
    found.hold(
        "signature",
        "RFC 7515 section 5.2",
        "signed by the key it carries",
        lambda: verify_jws(jws, key=PublicKey.from_jwk(jwk if isinstance(jwk, dict) else {}), typ="application+jwt"),
    )


def _unknown(found: Explained, jws: UnverifiedJws, around: Surroundings) -> None:  # noqa: ARG001 - one signature
    if found.hold("claims", "RFC 7519", "the payload is a JSON object", jws.unverified_claims):
        claims = jws.unverified_claims()
        _times(found, claims)
        found.say("Claims", ", ".join(sorted(claims)))
    found.note("signature", "not_run", "RFC 7515", "this type of token is not checked here")


def _x5c_signature(found: Explained, jws: UnverifiedJws) -> None:
    chain = jws.header.get("x5c")
    number = len(chain) if isinstance(chain, list) else 0
    found.say("Certificates", number)
    if not number:
        found.note("signature", "not_run", "HAIP 1.0 section 6.1", "no certificate says whose key this is", hint="x5c")
    else:
        found.note("signature", "not_run", "HAIP 1.0 section 6.1", "checked together with the credential it is for")


def _times(found: Explained, claims: Mapping[str, Any]) -> None:
    for name, label in (("iat", "Made"), ("nbf", "Valid from"), ("exp", "Valid until")):
        value = claims.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40:
            found.say(label, datetime.fromtimestamp(value, tz=UTC).isoformat())


def explain_jwe(text: str) -> Explained:
    """Explain a compact JWE as far as its header goes."""
    found = Explained(kind="encrypted message (JWE)")

    def read() -> None:
        header = json_object(b64url_decode(text.partition(".")[0], max_bytes=16 * 1024))
        for name in ("alg", "enc", "kid", "zip"):
            if name in header:
                found.say(name, header[name])

    found.hold("shape", "RFC 7516 section 7.1", "five parts; only the holder of its key can read it", read)
    return found


# --- SD-JWT --------------------------------------------------------------------------------------


class _NoStatuses:
    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:  # noqa: ARG002 - the face of a StatusSource
        raise StatusUnavailable("no wallet is open, and nothing is fetched", hint=NOT_RUN_HINT)


def _no_fetch(url: str, *, accept: str, max_bytes: int) -> "Fetched":  # noqa: ARG001 - the face of a Fetch
    raise FetchFailed("nothing is fetched to explain something", hint=NOT_RUN_HINT)


def explain_sd_jwt(text: str, around: Surroundings) -> Explained:
    """Explain a credential or a presentation, check by check."""
    found = Explained(kind="credential (SD-JWT VC)")
    parsed = parse_sd_jwt(text)
    if parsed.kb_jwt is not None:
        found.kind = "presentation (SD-JWT VC with key binding)"
        binding = parse_jws(parsed.kb_jwt).unverified_claims()
        found.say("Made for", binding.get("aud"))
        found.say("Answers nonce", binding.get("nonce"))
    credential = parsed.presented
    read = FORMATS["dc+sd-jwt"].parse(credential)
    found.say("Type", read.type)
    found.say("Issuer", read.issuer)
    if read.valid_until is not None:
        found.say("Valid until", read.valid_until.isoformat())
    if read.status is not None:
        found.say("Status place", f"{read.status.uri}, number {read.status.index}")
    found.say("Key", read.holder_key.thumbprint() if read.holder_key is not None else "not bound to a key")
    found.say("Can be hidden", ", ".join(format_path(path) for path in read.disclosable) or "nothing")
    session = around.session
    verdict = verify_credential(
        credential,
        policy=around.policy,
        fetch=session.client.fetch if session is not None else _no_fetch,
        statuses=CachedStatuses(session) if session is not None else _NoStatuses(),
        now=around.now,
    )
    found.checks += verdict.checks
    return found
