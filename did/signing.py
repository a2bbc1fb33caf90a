"""`Signer`, what every signing act is given, and `LocalSigner` over a key in memory.

A signer may live in a hardware module: it has an algorithm, a public key and one verb. The names of
algorithms in JOSE and COSE are in `did.algorithms` and re-exported here.
"""

from dataclasses import dataclass
from typing import Protocol

from did.algorithms import COSE_ALGS, COSE_NAMES, JOSE_ALGS, JOSE_NAMES, Alg
from did.keys import PrivateKey, PublicKey

__all__ = ["COSE_ALGS", "COSE_NAMES", "JOSE_ALGS", "JOSE_NAMES", "Alg", "LocalSigner", "Signer"]


class Signer(Protocol):
    """Signs with one key and one algorithm; where the key lives is its own business."""

    @property
    def alg(self) -> Alg:
        """The key's algorithm; `JOSE_NAMES[alg]` and `COSE_NAMES[alg]` are its names on the wire."""

    @property
    def public_key(self) -> PublicKey:
        """The public half of the key that signs."""

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data`: raw `r || s`, or 64 bytes for Ed25519."""


@dataclass(frozen=True, slots=True)
class LocalSigner:
    """A `Signer` over a private key held in this process."""

    key: PrivateKey

    @property
    def alg(self) -> Alg:
        """The key's algorithm."""
        return self.key.alg

    @property
    def public_key(self) -> PublicKey:
        """The public half of the key."""
        return self.key.public_key

    def sign(self, data: bytes) -> bytes:
        """Return the signature over `data` in raw form."""
        return self.key.sign(data)
