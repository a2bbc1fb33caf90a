"""The service's keys: one per purpose, sealed at rest, each with leaf certificates from the service's own roots.

A key lies in `DIR/keys/<name>.key` (sealed), its chain beside it in `<name>.pem`. The memory-hard derivation runs
once per process, over the master secret; keys, sealed rows and MACs hang from the master key it unseals (T79).
Nothing here returns private key bytes: the rooms get a `Signer`.
"""

from typing import Literal, get_args

from did.signing import Signer

Purpose = Literal["credentials", "status", "requests", "metadata", "tokens", "list"]
"""What a key may be used for; a key never serves two (T77)."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


class KeyStore:
    """What every room gets as `service.keys`."""

    def signer(self, purpose: Purpose) -> Signer:
        """Return the signer of one purpose. It refuses (`unavailable`) when time has stepped back (T88)."""
        raise NotImplementedError

    def x5c(self, purpose: Purpose) -> list[str]:
        """Return the `x5c` header value of a purpose: base64 DER, leaf first, the anchor left out (HAIP)."""
        raise NotImplementedError

    def agency_signer(self, agency_id: str) -> Signer:
        """Return the request-signing key of an agency."""
        raise NotImplementedError

    def agency_x5c(self, agency_id: str) -> list[str]:
        """Return the `x5c` of the agency's present request certificate."""
        raise NotImplementedError

    def agency_certificates(self, agency_id: str) -> list[bytes]:
        """Return every request certificate (DER) of the agency in force or about to be: present first, then next."""
        raise NotImplementedError

    def roots(self) -> dict[str, bytes]:
        """Return the roots (DER) by name: `service` for credentials, status and metadata, `requests` for agencies."""
        raise NotImplementedError

    def seal(self, plain: bytes, context: str | bytes) -> bytes:
        """Return `plain` sealed for a database row (AES-256-GCM); `context` names table, column and row."""
        raise NotImplementedError

    def unseal(self, sealed: bytes, context: str | bytes) -> bytes:
        """Return what was sealed under the same context. Raises Refused (`unavailable`) for anything else."""
        raise NotImplementedError

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return a 32-byte HMAC-SHA-256 of `data` under a key of its own for `purpose`."""
        raise NotImplementedError
