"""Compact JWS, strict: type, algorithm and key are given by the caller, never by the token.

RFC 7515, RFC 8725 (best current practice), RFC 9864 (`Ed25519`). Only asymmetric signatures;
no JSON serialization; no `crit`, `b64`, `jku` or `x5u`. Finding the key is left to the caller.
The values here are named tuples: every verification makes several, and those are made in a third of
the time that a frozen dataclass takes.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from credentials.errors import AlgorithmNotAllowed, MalformedCredential, TooLarge, TypeUnexpected
from did.algorithms import JOSE_ALGS, JOSE_NAMES
from did.encoding import b64url_decode, b64url_encode, json_object, json_parse
from did.errors import Malformed
from did.keys import PublicKey
from did.signing import Signer

HAIP_ALGS: frozenset[str] = frozenset({"ES256"})
"""What the high assurance profile asks of everybody (HAIP 1.0 section 7)."""

ALLOWED_ALGS: frozenset[str] = frozenset(JOSE_ALGS)
"""Every JOSE algorithm this library can verify; callers narrow it."""

MAX_JWS_BYTES = 256 * 1024
MAX_HEADER_BYTES = 32 * 1024
MAX_CLAIMS_DEPTH = 32

_KEY_ALGS = dict(JOSE_ALGS)
_REFUSED_MEMBERS = ("crit", "b64", "jku", "x5u")
WIRE_JSON = (
    orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
)
"""How JSON is written into tokens: nothing that JSON itself has no form for, no integer beyond 2^53-1."""


class UnverifiedJws(NamedTuple):
    """A well-formed compact JWS whose signature nobody has looked at yet.

    `header` is the protected header (treat it as read-only), `payload` the decoded bytes,
    `signing_input` the ASCII bytes that were signed.
    """

    header: dict[str, Any]
    payload: bytes
    signing_input: bytes
    signature: bytes
    compact: str

    def unverified_claims(self) -> dict[str, Any]:
        """Return the payload as a strict JSON object. Good for finding the key, and for nothing else."""
        return _claims(self.payload)


class VerifiedJws(NamedTuple):
    """A JWS whose type, algorithm and signature were good under `key`. `claims` is the payload object."""

    header: dict[str, Any]
    claims: dict[str, Any]
    payload: bytes
    key: PublicKey
    compact: str


def parse_jws(token: str | bytes, *, max_bytes: int = MAX_JWS_BYTES) -> UnverifiedJws:
    """Split and decode a compact JWS; strict base64url, strict JSON header, no signature check.

    Raises TooLarge, MalformedCredential. RFC 7515 sections 5.2 and 7.1.
    """
    if len(token) > max_bytes:
        raise TooLarge(f"the token is longer than {max_bytes} bytes")
    if isinstance(token, bytes):
        token = _ascii(token)
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if not header or "." in payload or len(header) == len(signed):
        raise MalformedCredential("a compact JWS has three parts of base64url")
    try:
        return UnverifiedJws(
            _header(header),
            b64url_decode(payload),
            signed.encode("ascii"),  # nothing else is left in it: header and payload were decoded
            b64url_decode(signature),
            token,
        )
    except MalformedCredential:
        raise
    except Malformed as exc:
        raise MalformedCredential("the payload or signature of the token is not strict base64url") from exc


def check_type(jws: UnverifiedJws, typ: str | Collection[str]) -> str:
    """Return the token's `typ`, which must be (one of) the expected, exactly. T04, RFC 8725 section 3.11."""
    found = jws.header.get("typ")
    if found == typ and isinstance(found, str):
        return found
    wanted = (typ,) if isinstance(typ, str) else typ
    if not isinstance(found, str) or found not in wanted:
        # what stands there may be anything at all: it is named only when it could be a media type
        named = found if isinstance(found, str) and len(found) <= 64 and found.isprintable() else "none"
        raise TypeUnexpected(f"the token's typ is {named}, not {' or '.join(sorted(wanted))}")
    return found


def check_algorithm(jws: UnverifiedJws, algs: Collection[str]) -> str:
    """Return the token's `alg`, which must be among `algs`. T01, RFC 8725 section 3.1."""
    alg = jws.header.get("alg")
    if type(alg) is not str or alg not in algs or alg not in _KEY_ALGS:
        raise AlgorithmNotAllowed(f"the token's alg is not one of {', '.join(sorted(algs))}")
    return alg


def check_signature(jws: UnverifiedJws, key: PublicKey) -> None:
    """Check that `key` signed these bytes, under the only algorithm that fits the key. T01, T06.

    Raises AlgorithmNotAllowed, SignatureInvalid.
    """
    alg = jws.header.get("alg")
    if type(alg) is not str or _KEY_ALGS.get(alg) != key.alg:
        raise AlgorithmNotAllowed(f"the token's alg does not fit a key for {key.alg}")
    key.verify(jws.signature, jws.signing_input)


def verify_jws(
    jws: UnverifiedJws | str, *, key: PublicKey, typ: str | Collection[str], algs: Collection[str] = HAIP_ALGS
) -> VerifiedJws:
    """Return the verified JWS: `typ` exact, `alg` allowed and fitting the key, signature good.

    Raises TypeUnexpected, AlgorithmNotAllowed, SignatureInvalid, MalformedCredential (payload no
    strict JSON object). RFC 8725 sections 3.1, 3.2, 3.11.
    """
    if isinstance(jws, str):
        jws = parse_jws(jws)
    check_type(jws, typ)
    check_algorithm(jws, algs)
    check_signature(jws, key)
    return VerifiedJws(jws.header, _claims(jws.payload), jws.payload, key, jws.compact)


def sign_jws(
    payload: Mapping[str, Any] | bytes, *, typ: str, signer: Signer, header: Mapping[str, Any] | None = None
) -> str:
    """Return a compact JWS over `payload` (a mapping is written as JSON without whitespace).

    `header` adds members such as `kid`, `x5c`, `jwk`; `alg` and `typ` are set here.
    """
    body = payload if isinstance(payload, bytes) else to_wire(payload)
    signing_input = f"{_protected(typ, JOSE_NAMES[signer.alg], header)}.{b64url_encode(body)}"
    signature = signer.sign(signing_input.encode("ascii"))
    return f"{signing_input}.{b64url_encode(signature)}"


def _protected(typ: str, alg: str, header: Mapping[str, Any] | None) -> str:
    """Return the encoded header; one that holds only text and lists of text is kept, as an issuer's always is."""
    members: list[tuple[str, Any]] = []
    for name, value in (header or {}).items():
        if type(value) is str:
            members.append((name, value))
        elif type(value) is list and all(type(item) is str for item in value):
            members.append((name, tuple(value)))
        else:  # 1, 1.0 and True are one key to a cache, but not to a reader
            return _encoded_header(typ, alg, header or {})
    return _kept_header(typ, alg, tuple(members))


@lru_cache(maxsize=256)
def _kept_header(typ: str, alg: str, members: tuple[tuple[str, Any], ...]) -> str:
    return _encoded_header(typ, alg, dict(members))


def _encoded_header(typ: str, alg: str, header: Mapping[str, Any]) -> str:
    if "alg" in header or "typ" in header:
        raise MalformedCredential("alg and typ of a token follow from its signer and its kind")
    members = {name: list(value) if type(value) is tuple else value for name, value in header.items()}
    return b64url_encode(to_wire({"alg": alg, "typ": typ, **members}))


def to_wire(value: Mapping[str, Any] | list[Any]) -> bytes:
    """Return JSON in UTF-8 without whitespace. Raises MalformedCredential for what JSON cannot carry."""
    try:
        kind = type(value)
        text = orjson.dumps(value if kind is dict or kind is list else dict(value), option=WIRE_JSON)
        if b"\\u0000" in text:
            json_parse(text)  # our own strict reader refuses the character, so no token may carry it
        return text
    except (TypeError, Malformed) as exc:
        raise MalformedCredential("the value cannot be written as JSON that every reader accepts") from exc


def _ascii(token: bytes) -> str:
    try:
        return token.decode("ascii")
    except UnicodeDecodeError as exc:
        raise MalformedCredential("a compact token is ASCII") from exc


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        return json_object(payload, max_bytes=len(payload), max_depth=MAX_CLAIMS_DEPTH)
    except Malformed as exc:
        raise MalformedCredential("the token's payload is not a strict JSON object") from exc


def _header(segment: str) -> dict[str, Any]:
    """Return the header object; the same few headers come all day, so their reading is kept."""
    flat = _flat_header(segment)
    if flat is None:
        return _read_header(segment)
    # the kept value is copied out, or one caller's change would be the next caller's header
    return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}


@lru_cache(maxsize=512)
def _flat_header(segment: str) -> dict[str, Any] | None:
    """Return a header that holds only strings, numbers and lists of strings (as tuples), else None."""
    if len(segment) > 12 * 1024:
        return None
    header = _read_header(segment)
    flat: dict[str, Any] = {}
    for name, value in header.items():
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            flat[name] = tuple(value)
        elif isinstance(value, dict | list):
            return None
        else:
            flat[name] = value
    return flat


def _read_header(segment: str) -> dict[str, Any]:
    if len(segment) > MAX_HEADER_BYTES * 4 // 3:
        raise TooLarge(f"the token's header is longer than {MAX_HEADER_BYTES} bytes")
    try:
        header = json_object(b64url_decode(segment), max_depth=8)
    except Malformed as exc:
        raise MalformedCredential("the token's header is not a strict JSON object in strict base64url") from exc
    for name in _REFUSED_MEMBERS:
        if name in header:
            raise MalformedCredential(f"the token's header has {name}, which no token here may have")
    return header
