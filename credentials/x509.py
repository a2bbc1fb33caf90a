"""The small X.509 profile: our own roots and leaves, and the check of an `x5c` chain.

RFC 5280 section 6 cut down to what JOSE artefacts need: one path in the given order, at most
five certificates, elliptic-curve keys, the anchor from configuration and never in the chain
(HAIP 1.0 section 6.1.1). Revocation of certificates is left to the trust list.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from did.keys import PublicKey
from did.signing import Signer

Usage = Literal["credential_signing", "status_signing", "request_signing", "metadata", "tls_server"]
"""What a leaf is for. Our leaves say it by an extended key usage, so one cannot stand in for another."""

MAX_CHAIN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedLeaf:
    """The end-entity certificate of a path that was checked to a configured anchor.

    `authority_key_ids` holds the base64url key identifiers of the authorities on the path, as
    DCQL's `aki` names them; `fingerprint` is base64url(SHA-256(DER)), as `x509_hash` names it.
    """

    public_key: PublicKey
    subject: str
    dns_names: tuple[str, ...]
    uris: tuple[str, ...]
    der: bytes
    fingerprint: str
    anchor: bytes
    authority_key_ids: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def make_root(
    *,
    name: str,
    signer: Signer,
    now: datetime,
    lifetime: timedelta,
    organization: str | None = None,
    country: str | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the DER of a self-signed root for `signer`'s key: CA, path length 1, keyCertSign and cRLSign."""
    raise NotImplementedError


def make_leaf(
    *,
    profile: Usage,
    subject_name: str,
    dns_names: Sequence[str] = (),
    uris: Sequence[str] = (),
    public_key: PublicKey,
    root: bytes,
    root_signer: Signer,
    now: datetime,
    lifetime: timedelta,
    crl_uri: str | None = None,
    random_bytes: Callable[[int], bytes] = secrets.token_bytes,
) -> bytes:
    """Return the DER of a leaf under `root` for one purpose.

    A `dns_names` entry that is an IP address becomes an address name (development TLS only).
    The leaf never outlives its root. Raises MalformedCredential when `root_signer` is not the root's key.
    """
    raise NotImplementedError


def x5c_encode(chain: Sequence[bytes]) -> list[str]:
    """Return DER certificates as an `x5c` value: standard base64, leaf first. RFC 7515 section 4.1.6."""
    raise NotImplementedError


def x5c_decode(x5c: object) -> list[bytes]:
    """Return the DER certificates of an `x5c` header value; strict. Raises MalformedCredential, TooLarge."""
    raise NotImplementedError


def to_pem(der: bytes) -> str:
    """Return one certificate as PEM text."""
    raise NotImplementedError


def from_pem(text: str | bytes) -> list[bytes]:
    """Return the DER of every certificate in a PEM text. Raises MalformedCredential when there is none."""
    raise NotImplementedError


def fingerprint(der: bytes) -> str:
    """Return base64url(SHA-256(DER)): the `x509_hash` of a leaf. OpenID4VP 1.0 section 5.9.3."""
    raise NotImplementedError


def check_chain(x5c: Sequence[str | bytes], *, anchors: Sequence[bytes], now: datetime, usage: Usage) -> CheckedLeaf:
    """Return the leaf of a chain that leads, in order, to one of `anchors` (DER roots).

    Parsed and checked chains are kept by content; validity is compared with `now` at each call.

    Raises IssuerUntrusted (no path, wrong order, anchor included, self-signed leaf, authority used
    as leaf, wrong usage, outside validity), MalformedCredential, TooLarge. Threat case T03.
    """
    raise NotImplementedError
