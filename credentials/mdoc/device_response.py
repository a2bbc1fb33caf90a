"""Device responses: what a holder shows, and the device's proof over the session (ISO/IEC 18013-5, 8.3 and 9.1.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from credentials import cbor, cose
from credentials.cbor import CBORTag
from credentials.errors import HolderBindingInvalid
from credentials.mdoc.mso import IssuerSigned, Mso, parse_issuer_signed
from did.errors import AlgorithmNotAllowed, Malformed, SignatureInvalid
from did.keys import PrivateKey, PublicKey
from did.signing import Signer

MAX_DOCUMENTS: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document of a response; unverified. `device_namespaces` is the encoded map that the device signed."""

    doc_type: str
    issuer_signed: IssuerSigned
    device_namespaces: bytes
    device_elements: Mapping[str, Mapping[str, Any]]
    device_signature: cose.CoseSign1 | None
    device_mac: Any


def parse_device_response(data: bytes) -> tuple[Document, ...]:
    """Read a DeviceResponse with status 0 and at least one document. Raises Malformed, AlgorithmNotAllowed."""
    response = cbor.decode(data)
    if not isinstance(response, dict) or response.get("version") != "1.0" or response.get("status") != 0:
        raise Malformed("the device response is not in its form, or reports an error")
    if isinstance(response["status"], bool) or set(response) - {"version", "documents", "documentErrors", "status"}:
        raise Malformed("the device response holds what has no place there")
    documents = response.get("documents")
    if not isinstance(documents, list) or not 0 < len(documents) <= MAX_DOCUMENTS:
        raise Malformed("the device response has no document, or too many")
    return tuple(_parse_document(document) for document in documents)


def _parse_document(value: Any) -> Document:
    if not isinstance(value, dict) or not {"docType", "issuerSigned", "deviceSigned"} <= set(value):
        raise Malformed("a document is not in its form")
    device = value["deviceSigned"]
    if not isinstance(value["docType"], str) or not isinstance(device, dict):
        raise Malformed("a document is not in its form")
    if set(device) != {"nameSpaces", "deviceAuth"} or not isinstance(device["deviceAuth"], dict):
        raise Malformed("deviceSigned is not in its form")
    auth = device["deviceAuth"]
    if set(auth) not in ({"deviceSignature"}, {"deviceMac"}):
        raise Malformed("a document has one device authentication, a signature or a MAC")
    encoded = cbor.unwrap_tagged_bytes(device["nameSpaces"])
    elements = cbor.decode(encoded)
    if not isinstance(elements, dict) or not all(isinstance(rows, dict) for rows in elements.values()):
        raise Malformed("the device's nameSpaces is not in its form")
    signature = cose.parse_sign1(auth["deviceSignature"]) if "deviceSignature" in auth else None
    return Document(
        doc_type=value["docType"],
        issuer_signed=parse_issuer_signed(value["issuerSigned"]),
        device_namespaces=encoded,
        device_elements=elements,
        device_signature=signature,
        device_mac=auth.get("deviceMac"),
    )


def build_device_response(
    issuer_signed: IssuerSigned,
    *,
    doc_type: str,
    disclose: Mapping[str, Sequence[str]],
    session_transcript: bytes,
    signer: Signer | None = None,
    mac_key: bytes | None = None,
) -> bytes:
    """Return a DeviceResponse that shows the elements of `disclose` and is bound to the session.

    Exactly one of `signer` (the device key) and `mac_key` (see `emac_key`) is given.
    """
    if (signer is None) == (mac_key is None):
        raise Malformed("a device response is signed or authenticated by MAC, one of the two")
    namespaces = cbor.encode({})
    detached = device_authentication(session_transcript, doc_type, namespaces)
    if signer is not None:
        auth: dict[str, Any] = {
            "deviceSignature": cose.sign1(detached, signer=signer, unprotected={}, detached=True).to_cbor()
        }
    else:
        auth = {"deviceMac": cose.mac0(detached, key=mac_key or b"")}
    document = {
        "docType": doc_type,
        "issuerSigned": cbor.decode(issuer_signed.encode(disclose)),
        "deviceSigned": {"nameSpaces": CBORTag(cbor.ENCODED_CBOR, namespaces), "deviceAuth": auth},
    }
    return cbor.encode({"version": "1.0", "documents": [document], "status": 0})


def check_device_auth(
    document: Document, mso: Mso, *, session_transcript: bytes, reader_key: PrivateKey | None = None
) -> None:
    """Check that the device key of the signed object made this response, in this session.

    `session_transcript` is the verifier's own (T23); `reader_key` allows authentication by MAC. Elements
    that the device added are refused unless the issuer authorised the key for them (T22).
    Raises HolderBindingInvalid, AlgorithmNotAllowed, Malformed.
    """
    _check_device_elements(document, mso)
    detached = device_authentication(session_transcript, document.doc_type, document.device_namespaces)
    try:
        if document.device_signature is not None:
            if document.device_signature.payload is not None:
                raise Malformed("a device signature carries no payload")
            cose.verify_sign1(document.device_signature, key=mso.device_key, detached=detached)
        elif reader_key is None:
            raise AlgorithmNotAllowed("authentication by MAC needs a reader key in the session")
        else:
            key = emac_key(reader_key, mso.device_key, session_transcript)
            cose.verify_mac0(document.device_mac, key=key, detached=detached)
    except SignatureInvalid as error:
        raise HolderBindingInvalid("the response was not made by the document's device key for this session") from error


def device_authentication(session_transcript: bytes, doc_type: str, device_namespaces: bytes) -> bytes:
    """Return DeviceAuthenticationBytes, with the transcript's and the namespaces' own bytes inside."""
    head = b"\x84" + cbor.encode("DeviceAuthentication") + session_transcript + cbor.encode(doc_type)
    return cbor.tagged_bytes(head + cbor.tagged_bytes(device_namespaces))


def emac_key(own: PrivateKey, other: PublicKey, session_transcript: bytes) -> bytes:
    """Return EMacKey: HKDF-SHA-256 of the ECDH secret of reader and device key (ISO/IEC 18013-5 9.1.3.5)."""
    private, public = own.crypto, other.crypto
    if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(public, ec.EllipticCurvePublicKey):
        raise AlgorithmNotAllowed("reader and device key agree on a key over an elliptic curve of ECDH")
    if own.alg != other.alg:
        raise AlgorithmNotAllowed("reader and device key are not on one curve")
    secret = private.exchange(ec.ECDH(), public)
    salt = sha256(cbor.tagged_bytes(session_transcript)).digest()
    return HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"EMacKey").derive(secret)


def _check_device_elements(document: Document, mso: Mso) -> None:
    for name, elements in document.device_elements.items():
        allowed = mso.authorized_elements.get(name, frozenset())
        if name not in mso.authorized_namespaces and not set(elements) <= allowed:
            raise HolderBindingInvalid("the device signed elements that the issuer did not authorise it for")
