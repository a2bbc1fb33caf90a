"""JWT VC Issuer Metadata: where an issuer publishes its keys, and which of them is meant.

SD-JWT VC, section "JWT VC Issuer Metadata". Only for issuers that a trust policy already names;
what may be fetched, and how, is decided by the `Fetch` that is passed in.
"""

from typing import Any
from urllib.parse import urlsplit

from credentials.errors import FetchFailed, IssuerKeyUnresolvable, KeyInvalid
from did.encoding import json_object
from did.errors import Malformed
from did.keys import PublicKey
from did.methods.base import Fetch

WELL_KNOWN = "/.well-known/jwt-vc-issuer"
MAX_METADATA_BYTES = 256 * 1024
_MAX_KEYS = 64


def metadata_url(issuer: str) -> str:
    """Return where an issuer's metadata lies: the well-known part goes between host and path.

    Raises IssuerKeyUnresolvable for an identifier that is not a plain web address.
    """
    try:
        parts = urlsplit(issuer)
        host = parts.hostname
    except ValueError as exc:
        raise IssuerKeyUnresolvable("the issuer's identifier is not a web address") from exc
    if parts.scheme not in ("https", "http") or not host or "@" in parts.netloc or parts.query or parts.fragment:
        raise IssuerKeyUnresolvable("the issuer's identifier is not a plain web address")
    return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path.removesuffix('/')}"


def fetch_issuer_keys(issuer: str, *, fetch: Fetch) -> list[dict[str, Any]]:
    """Return the JWKs that this issuer publishes.

    Raises IssuerKeyUnresolvable (the answer is no metadata of this issuer), FetchFailed (no answer).
    """
    metadata = _get(metadata_url(issuer), fetch)
    if metadata.get("issuer") != issuer:
        raise IssuerKeyUnresolvable("the issuer metadata names another issuer")
    if ("jwks" in metadata) == ("jwks_uri" in metadata):
        raise IssuerKeyUnresolvable("the issuer metadata has not exactly one of jwks and jwks_uri")
    key_set = metadata.get("jwks")
    if "jwks_uri" in metadata:
        uri = metadata["jwks_uri"]
        # a plain-http key set for an https issuer would hand its trust to the network
        if not isinstance(uri, str) or not uri.startswith(issuer.partition("://")[0] + "://"):
            raise IssuerKeyUnresolvable("jwks_uri is not a web address of the issuer's own scheme")
        key_set = _get(uri, fetch)
    keys = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(keys, list) or len(keys) > _MAX_KEYS or not all(isinstance(key, dict) for key in keys):
        raise IssuerKeyUnresolvable("the issuer's key set is not a JWK set")
    return keys


def pick_key(keys: list[dict[str, Any]], kid: object) -> PublicKey:
    """Return the key that `kid` names; without `kid`, the only key. Raises IssuerKeyUnresolvable."""
    if kid is not None:
        keys = [key for key in keys if key.get("kid") == kid and isinstance(kid, str)]
    if len(keys) != 1:
        raise IssuerKeyUnresolvable("the issuer's key set has not exactly one key that kid names")
    try:
        return PublicKey.from_jwk(keys[0])
    except KeyInvalid as exc:
        raise IssuerKeyUnresolvable(f"the issuer's key cannot be used: {exc.detail}") from exc


def _get(url: str, fetch: Fetch) -> dict[str, Any]:
    answer = fetch(url, accept="application/json", max_bytes=MAX_METADATA_BYTES)
    if answer.status >= 500 or answer.status == 429:
        raise FetchFailed(f"the issuer's key source answered {answer.status}")
    if answer.status != 200:
        raise IssuerKeyUnresolvable(f"the issuer's key source answered {answer.status}")
    media_type = answer.content_type.partition(";")[0].strip().lower()
    if media_type != "application/json" and not (
        media_type.startswith("application/") and media_type.endswith("+json")
    ):
        raise IssuerKeyUnresolvable("the issuer's key source did not answer in JSON")
    try:
        return json_object(answer.body, max_bytes=MAX_METADATA_BYTES)
    except Malformed as exc:
        raise IssuerKeyUnresolvable("the issuer's key source did not answer in strict JSON") from exc
