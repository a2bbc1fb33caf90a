"""COSE_Sign1 and COSE_Mac0 over `cryptography` (RFC 9052 sections 4.2, 6.2), as mdoc and status lists use them.

The algorithm is read from the protected header alone and has to fit the key that the caller pins.
"""

import hmac
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from credentials import cbor
from did.algorithms import COSE_ALGS, COSE_NAMES
from did.errors import AlgorithmNotAllowed, Malformed, SignatureInvalid
from did.keys import PublicKey
from did.signing import Signer

ALG: Final = 1
CRIT: Final = 2
X5CHAIN: Final = 33
HMAC_256: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CoseSign1:
    """A COSE_Sign1 as it arrived: `protected` is the encoded header that was signed."""

    protected: bytes
    algorithm: int
    header: dict[Any, Any]
    unprotected: dict[Any, Any]
    payload: bytes | None
    signature: bytes

    def x5chain(self) -> list[bytes]:
        """Return the DER certificates of header 33, leaf first. Raises Malformed when there are none."""
        chain = self.header.get(X5CHAIN, self.unprotected.get(X5CHAIN))
        found = [chain] if isinstance(chain, bytes) else chain
        if not isinstance(found, list) or not found or not all(isinstance(one, bytes) for one in found):
            raise Malformed("the signature names no certificate chain")
        return found

    def to_cbor(self) -> list[Any]:
        return [self.protected, self.unprotected, self.payload, self.signature]


def parse_sign1(value: Any) -> CoseSign1:
    """Read a decoded, untagged COSE_Sign1 array. Raises Malformed, AlgorithmNotAllowed."""
    protected, unprotected, payload, signature = _four(value)
    header, algorithm = _protected(protected)
    if not isinstance(signature, bytes) or ALG in unprotected or CRIT in unprotected:
        raise Malformed("the COSE signature is not in its form")
    return CoseSign1(
        protected=protected,
        algorithm=algorithm,
        header=header,
        unprotected=unprotected,
        payload=payload,
        signature=signature,
    )


def verify_sign1(message: CoseSign1, *, key: PublicKey, detached: bytes | None = None) -> bytes:
    """Return the payload that `key` signed. `detached` is it when the message carries none.

    Raises AlgorithmNotAllowed when the protected algorithm does not fit the key, SignatureInvalid otherwise.
    """
    if COSE_ALGS.get(message.algorithm) != key.alg:
        raise AlgorithmNotAllowed(f"COSE algorithm {message.algorithm} does not fit a key of {key.alg}")
    payload = message.payload if detached is None else detached
    if payload is None or (detached is not None and message.payload is not None):
        raise SignatureInvalid("the signature does not say what it signs, or says it twice")
    key.verify(message.signature, _structure("Signature1", message.protected, payload))
    return payload


def sign1(payload: bytes, *, signer: Signer, unprotected: dict[Any, Any], detached: bool = False) -> CoseSign1:
    """Sign `payload` with the signer's own algorithm."""
    algorithm = COSE_NAMES[signer.public_key.alg]
    protected = cbor.encode({ALG: algorithm})
    return CoseSign1(
        protected=protected,
        algorithm=algorithm,
        header={ALG: algorithm},
        unprotected=unprotected,
        payload=None if detached else payload,
        signature=signer.sign(_structure("Signature1", protected, payload)),
    )


def verify_mac0(value: Any, *, key: bytes, detached: bytes) -> None:
    """Check a decoded COSE_Mac0 with HMAC 256/256 over a detached payload. Raises Malformed, SignatureInvalid."""
    protected, unprotected, payload, tag = _four(value)
    _, algorithm = _protected(protected)
    if algorithm != HMAC_256 or ALG in unprotected:
        raise AlgorithmNotAllowed(f"COSE algorithm {algorithm} is not the MAC that is due here")
    if payload is not None or not isinstance(tag, bytes):
        raise Malformed("the COSE MAC is not in its form")
    if not hmac.compare_digest(tag, _mac(key, protected, detached)):
        raise SignatureInvalid("the MAC does not hold")


def mac0(detached: bytes, *, key: bytes) -> list[Any]:
    """Return a COSE_Mac0 with HMAC 256/256 over a detached payload."""
    protected = cbor.encode({ALG: HMAC_256})
    return [protected, {}, None, _mac(key, protected, detached)]


def _mac(key: bytes, protected: bytes, payload: bytes) -> bytes:
    return hmac.new(key, _structure("MAC0", protected, payload), sha256).digest()


def _structure(context: str, protected: bytes, payload: bytes) -> bytes:
    return cbor.encode([context, protected, b"", payload])


def _four(value: Any) -> tuple[bytes, dict[Any, Any], bytes | None, Any]:
    if not isinstance(value, list) or len(value) != 4:
        raise Malformed("a COSE message has four parts")
    protected, unprotected, payload, last = value
    if not isinstance(protected, bytes) or not isinstance(unprotected, dict):
        raise Malformed("a COSE header is not in its form")
    if payload is not None and not isinstance(payload, bytes):
        raise Malformed("a COSE payload is bytes or absent")
    return protected, unprotected, payload, last


def _protected(encoded: bytes) -> tuple[dict[Any, Any], int]:
    header = cbor.decode(encoded) if encoded else {}
    if not isinstance(header, dict) or CRIT in header:
        raise Malformed("a protected COSE header is not in its form, or demands what is not known here")
    algorithm = header.get(ALG)
    if not isinstance(algorithm, int) or isinstance(algorithm, bool):
        raise AlgorithmNotAllowed("the protected header names no algorithm")
    return header, algorithm
