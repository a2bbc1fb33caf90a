"""The parts of an SD-JWT and its compact and JSON forms. RFC 9901 sections 4 and 8."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

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


class UnverifiedSdJwt(NamedTuple):
    """An SD-JWT or SD-JWT+KB, split. `presented` is what `sd_hash` covers: everything up to the last `~`."""

    jws: UnverifiedJws
    disclosures: tuple[str, ...]
    kb_jwt: str | None
    presented: str


class ProcessedSdJwt(NamedTuple):
    """The payload with disclosures put in and digests taken out.

    `disclosed` are the concrete paths that came by disclosure, parents before children; positions
    in them are the issued ones. `positions` gives, for each array that still hides items (by its
    issued path), the issued position of each item that is left. `hidden` is the number of digests
    without a disclosure (decoys among them), `roots` the top-level claims that hold any digest, or
    came by one.
    """

    claims: dict[str, Any]
    disclosed: tuple[ConcretePath, ...]
    hidden: int
    positions: Mapping[ConcretePath, tuple[int, ...]]
    roots: frozenset[str | int]


class Disclosure(NamedTuple):
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
    parts = text.split("~")
    if len(parts) < 2 or not text.isascii():
        raise MalformedCredential("an SD-JWT is a JWT, disclosures and a last part, each set off by a tilde")
    last = parts.pop()
    if len(parts) > MAX_DISCLOSURES + 1:
        raise TooLarge(f"the SD-JWT has more than {MAX_DISCLOSURES} disclosures")
    disclosures = tuple(parts[1:])
    if disclosures:
        if not all(disclosures):
            raise MalformedCredential("a disclosure of the SD-JWT is empty")
        if len(max(disclosures, key=len)) > MAX_DISCLOSURE_BYTES:
            raise TooLarge(f"a disclosure is longer than {MAX_DISCLOSURE_BYTES} bytes")
    return UnverifiedSdJwt(parse_jws(parts[0]), disclosures, last or None, text[: len(text) - len(last)])


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
    if type(parts) is list and parts and type(parts[0]) is str:
        if len(parts) == 3 and type(parts[1]) is str:
            return Disclosure(text, parts[1], parts[2])
        if len(parts) == 2:
            return Disclosure(text, None, parts[1])
    raise DisclosureInvalid("a disclosure is not an array of a salt, a name (for a member) and a value")


def hash_name(payload: Mapping[str, Any]) -> str:
    """Return the payload's `_sd_alg`, which must be one we accept. Raises AlgorithmNotAllowed. T19."""
    name = payload.get("_sd_alg", DEFAULT_HASH)
    if not isinstance(name, str) or name not in HASHES:
        raise AlgorithmNotAllowed(
            f"the SD-JWT's _sd_alg is not one of {', '.join(HASHES)}",
            hint="Ask the issuer to issue the credential again with an accepted hash.",
        )
    return name


def read_disclosures(texts: Sequence[str], hash_alg: str) -> dict[str, Disclosure]:
    """Return disclosures by their digests. Raises DisclosureInvalid, also when one was sent twice (T16)."""
    hash_function = HASHES[hash_alg]
    found: dict[str, Disclosure] = {}
    for text in texts:
        disclosure = parse_disclosure(text)
        found[b64url_encode(hash_function(text.encode("ascii")).digest())] = disclosure
    if len(found) != len(texts):
        raise DisclosureInvalid("a disclosure was sent twice")
    return found


def digest_of(text: str, hash_alg: str = DEFAULT_HASH) -> str:
    """Return base64url(hash(ASCII text)): of a presentation, for `sd_hash`."""
    return b64url_encode(HASHES[hash_alg](text.encode("ascii")).digest())
