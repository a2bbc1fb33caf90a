"""The did:webvh identifier and where its files lie (did:webvh 1.0, "Method-Specific Identifier" and
"The DID to HTTPS Transformation"), and the hashes that everything in a log hangs on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any

from did.encoding import base58btc_encode, jcs
from did.errors import InvalidDid, KeyInvalid
from did.keys import PublicKey
from did.location import Location, locate
from did.url import parse_did

PLACEHOLDER = "{SCID}"
_BASE58 = frozenset("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
SCID_CHARS = 46


@dataclass(frozen=True, slots=True)
class WebvhDid:
    """A did:webvh in its parts: the whole text, its self-certifying identifier, and its place on the web."""

    did: str
    scid: str
    location: Location

    @property
    def log_url(self) -> str:
        """Where the log lies."""
        return self.location.url("did.jsonl")

    @property
    def witness_url(self) -> str:
        """Where the witness proofs lie."""
        return self.location.url("did-witness.json")

    @property
    def files_url(self) -> str:
        """The address that DID URL paths are appended to, with a slash at its end and no `.well-known`."""
        return self.location.url("", well_known=False)

    @property
    def web_did(self) -> str:
        """The did:web at the same place."""
        return "did:web:" + self.did.removeprefix(f"did:webvh:{self.scid}:")


@lru_cache(maxsize=256)
def parse_webvh(did: str, *, allow_http_loopback: bool = False) -> WebvhDid:
    """Return the parts of the did:webvh `did`; raises InvalidDid before anything could be fetched (T39, T40)."""
    parsed = parse_did(did)
    if parsed.method != "webvh":
        raise InvalidDid("DID is not a did:webvh")
    scid, *rest = parsed.id.split(":")
    if len(scid) != SCID_CHARS or not _BASE58.issuperset(scid):
        raise InvalidDid(f"did:webvh does not begin with {SCID_CHARS} base58 characters")
    if not rest:
        raise InvalidDid("did:webvh names no domain")
    return WebvhDid(did, scid, locate(rest[0], rest[1:], allow_http_loopback=allow_http_loopback))


def multihash58(data: bytes) -> str:
    """Return base58btc of the SHA-256 multihash of `data` (multihash code 0x12, 32 bytes)."""
    return base58btc_encode(b"\x12\x20" + sha256(data).digest())


def entry_hash(entry: Mapping[str, Any], *, predecessor: str) -> str:
    """Return the hash of `entry` without its proof, chained to `predecessor` ("Generate Entry Hash").

    `predecessor` is the `versionId` before it, or the SCID for the first entry.
    """
    return multihash58(jcs({**_without_proof(entry), "versionId": predecessor}))


def scid_of(entry: Mapping[str, Any], *, scid: str) -> str:
    """Return the SCID that the first `entry` really has, reading `scid` as placeholder ("Verify SCID")."""
    return multihash58(jcs(replaced({**_without_proof(entry), "versionId": PLACEHOLDER}, scid, PLACEHOLDER)))


def replaced(value: Any, old: str, new: str) -> Any:
    """Return the JSON `value` with `old` replaced in every text and member name, as in its serialized form."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list):
        return [replaced(item, old, new) for item in value]
    if isinstance(value, dict):
        return {name.replace(old, new): replaced(item, old, new) for name, item in value.items()}
    return value


def key_hash(multikey: str) -> str:
    """Return the pre-rotation hash of a public key ("Pre-Rotation Key Hash Generation")."""
    return multihash58(multikey.encode("ascii"))


def _without_proof(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name != "proof"}


@lru_cache(maxsize=1024)
def ed25519_key(multikey: str) -> PublicKey:
    """Return the Ed25519 key in `multikey`; raises InvalidDid for other text and other key types."""
    try:
        key = PublicKey.from_multikey(multikey)
    except KeyInvalid as exc:
        raise InvalidDid("text is not the Multikey of an Ed25519 key") from exc
    if key.alg != "Ed25519":
        raise InvalidDid("key is not an Ed25519 key")
    return key


def proof_key(method: object) -> tuple[str, PublicKey]:
    """Return Multikey and key of a proof's `verificationMethod`, which must read `did:key:X#X`; raises InvalidDid.

    Body and fragment must be the same: the key is decoded from one and looked up by the other.
    """
    body, mark, fragment = method.partition("#") if isinstance(method, str) else ("", "", "")
    if not mark or body != f"did:key:{fragment}":
        raise InvalidDid("verificationMethod of the proof does not have the form did:key:X#X")
    return fragment, ed25519_key(fragment)
