"""The parts of an SD-JWT and its compact and JSON forms. RFC 9901 sections 4 and 8."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from credentials.claims import ConcretePath
from credentials.errors import AlgorithmNotAllowed, DisclosureInvalid, MalformedCredential, TooLarge
from credentials.jose import UnverifiedJws, parse_jws
from did.encoding import b64url_decode, b64url_encode, json_parse
from did.errors import Malformed

MAX_DISCLOSURES = 200
MAX_DISCLOSURE_BYTES = 64 * 1024
MAX_NESTING = 16
MAX_SD_JWT_BYTES = 1 << 20

HASHES: dict[str, Callable[[bytes], Any]] = {
    "sha-256": hashlib.sha256,
    "sha-384": hashlib.sha384,
    "sha-512": hashlib.sha512,
}
"""Accepted `_sd_alg` values, named exactly as the IANA registry names them (T19)."""

DEFAULT_HASH = "sha-256"
RESERVED_NAMES = frozenset({"_sd", "...", "_sd_alg"})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnverifiedSdJwt:
    """An SD-JWT or SD-JWT+KB, split. `presented` is what `sd_hash` covers: everything up to the last `~`."""

    jws: UnverifiedJws
    disclosures: tuple[str, ...]
    kb_jwt: str | None
    presented: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedSdJwt:
    """The payload with disclosures put in and digests taken out.

    `disclosed` are the concrete paths that came by disclosure, parents before children; positions
    in them are the issued ones. `positions` gives, for each array that still hides items (by its
    issued path), the issued position of each item that is left. `hidden` is the number of digests
    without a disclosure (decoys among them).
    """

    claims: dict[str, Any]
    disclosed: tuple[ConcretePath, ...]
    hidden: int
    positions: Mapping[ConcretePath, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One disclosure as received: `text` is what is hashed, `name` is None for an array element."""

    text: str
    name: str | None
    value: Any


def parse_sd_jwt(text: str | bytes) -> UnverifiedSdJwt:
    """Split the compact form; limits of threat case T15. Raises MalformedCredential, TooLarge. RFC 9901 section 4."""
    if len(text) > MAX_SD_JWT_BYTES:
        raise TooLarge(f"the SD-JWT is longer than {MAX_SD_JWT_BYTES} bytes")
    if isinstance(text, bytes):
        text = text.decode("ascii", "replace")
    first, *disclosures = text.split("~")
    if not disclosures or not text.isascii():
        raise MalformedCredential("an SD-JWT is a JWT, disclosures and a last part, each set off by a tilde")
    last = disclosures.pop()
    if len(disclosures) > MAX_DISCLOSURES:
        raise TooLarge(f"the SD-JWT has more than {MAX_DISCLOSURES} disclosures")
    for disclosure in disclosures:
        if not disclosure:
            raise MalformedCredential("a disclosure of the SD-JWT is empty")
        if len(disclosure) > MAX_DISCLOSURE_BYTES:
            raise TooLarge(f"a disclosure is longer than {MAX_DISCLOSURE_BYTES} bytes")
    return UnverifiedSdJwt(
        jws=parse_jws(first),
        disclosures=tuple(disclosures),
        kb_jwt=last or None,
        presented=text[: len(text) - len(last)],
    )


def from_json(value: object) -> str:
    """Return the compact form of an SD-JWT in JWS JSON serialization, flattened or general. RFC 9901 section 8.

    Of several signatures the first one counts, and only its header may carry the disclosures.
    """
    signed = value.get("signatures", [value]) if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(signed, list) or not signed:
        raise MalformedCredential("a JWS in JSON has a payload and signatures")
    if "signatures" in value and ("signature" in value or "protected" in value):
        raise MalformedCredential("a JWS in JSON is either flattened or general")
    headers: list[dict[str, Any]] = []
    for entry in signed:
        header = entry.get("header", {}) if isinstance(entry, dict) else None
        if not isinstance(header, dict):
            raise MalformedCredential("an unprotected header is not an object")
        headers.append(header)
    if any("disclosures" in header or "kb_jwt" in header for header in headers[1:]):
        raise MalformedCredential("disclosures stand in the first signature's header only")
    parts = (signed[0].get("protected"), value.get("payload"), signed[0].get("signature"))
    disclosures, kb_jwt = headers[0].get("disclosures", []), headers[0].get("kb_jwt", "")
    if not isinstance(disclosures, list) or not all(
        isinstance(text, str) and "~" not in text for text in (*parts, *disclosures, kb_jwt)
    ):
        raise MalformedCredential("a part of the JWS in JSON is not text")
    return "~".join([".".join(str(part) for part in parts), *disclosures, kb_jwt])


def parse_disclosure(text: str) -> Disclosure:
    """Return the disclosure in this base64url text. Raises DisclosureInvalid. RFC 9901 section 4.2."""
    try:
        parts = json_parse(b64url_decode(text), max_depth=MAX_NESTING)
    except Malformed as exc:
        raise DisclosureInvalid("a disclosure is not strict JSON in strict base64url") from exc
    if not isinstance(parts, list) or len(parts) not in (2, 3) or not isinstance(parts[0], str):
        raise DisclosureInvalid("a disclosure is not an array of a salt, a name (for a member) and a value")
    if len(parts) == 2:
        return Disclosure(text, None, parts[1])
    if not isinstance(parts[1], str):
        raise DisclosureInvalid("a disclosure's claim name is not text")
    return Disclosure(text, parts[1], parts[2])


def hash_name(payload: Mapping[str, Any]) -> str:
    """Return the payload's `_sd_alg`, which must be one we accept. Raises AlgorithmNotAllowed. T19."""
    name = payload.get("_sd_alg", DEFAULT_HASH)
    if not isinstance(name, str) or name not in HASHES:
        raise AlgorithmNotAllowed(
            f"the SD-JWT's _sd_alg is not one of {', '.join(HASHES)}",
            hint="Ask the issuer to issue the credential again with an accepted hash.",
        )
    return name


def digest_of(text: str, hash_alg: str = DEFAULT_HASH) -> str:
    """Return base64url(hash(ASCII text)): of a disclosure, or of a presentation for `sd_hash`."""
    return b64url_encode(HASHES[hash_alg](text.encode("ascii")).digest())
