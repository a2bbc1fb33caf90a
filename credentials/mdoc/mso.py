"""The mobile security object and issuer-signed items (ISO/IEC 18013-5 sections 8.3.2 and 9.1.2.4).

Bytes that were digested or signed are kept as they came; nothing that is verified is encoded again.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from credentials import cbor, cose
from credentials.cbor import CBORTag
from credentials.errors import CredentialExpired, CredentialNotYetValid, DisclosureInvalid, TypeUnexpected
from did.errors import AlgorithmNotAllowed, Malformed
from did.keys import PublicKey
from did.signing import Signer

DIGESTS: Final = {"SHA-256": hashlib.sha256, "SHA-384": hashlib.sha384, "SHA-512": hashlib.sha512}
MIN_RANDOM_BYTES: Final = 16
OUR_RANDOM_BYTES: Final = 32
_TDATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.0+)?Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One issuer-signed item: `encoded` is the inner map as it came, without its tag-24 wrapping."""

    encoded: bytes
    digest_id: int
    element: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mso:
    """A mobile security object; unverified until `issuer_auth` has been checked."""

    doc_type: str
    digest_algorithm: str
    digests: Mapping[str, Mapping[int, bytes]]
    device_key: PublicKey
    signed: datetime
    valid_from: datetime
    valid_until: datetime
    status: Any
    authorized_namespaces: frozenset[str]
    authorized_elements: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerSigned:
    """Items by namespace and the issuer's signature over their digests."""

    namespaces: Mapping[str, tuple[Item, ...]]
    issuer_auth: cose.CoseSign1

    def encode(self, disclose: Mapping[str, Sequence[str]] | None = None) -> bytes:
        """Return IssuerSigned with all items, or with those to disclose alone."""
        chosen = {
            name: [CBORTag(cbor.ENCODED_CBOR, item.encoded) for item in items if _wanted(disclose, name, item.element)]
            for name, items in self.namespaces.items()
        }
        members: dict[str, Any] = {"nameSpaces": {name: items for name, items in chosen.items() if items}}
        return cbor.encode({**members, "issuerAuth": self.issuer_auth.to_cbor()})


def _wanted(disclose: Mapping[str, Sequence[str]] | None, namespace: str, element: str) -> bool:
    return disclose is None or element in disclose.get(namespace, ())


def issue_mdoc(
    *,
    doc_type: str,
    namespaces: Mapping[str, Mapping[str, Any]],
    device_key: PublicKey,
    signer: Signer,
    chain: Sequence[bytes],
    signed: datetime,
    valid_from: datetime,
    valid_until: datetime,
    random_bytes: Callable[[int], bytes],
    status: Mapping[str, Any] | None = None,
) -> bytes:
    """Return the CBOR of IssuerSigned: what OpenID4VCI hands over as `mso_mdoc` (base64url of it).

    `chain` is DER, leaf first, without the IACA root. `date` values become full-date (tag 1004),
    `datetime` values tdate (tag 0). Digest ids and item order are drawn anew for each copy, so that
    two copies of one dataset have nothing in common (T63). Times are rounded by the caller.
    """
    items: dict[str, list[CBORTag]] = {}
    digests: dict[str, dict[int, bytes]] = {}
    for name, elements in namespaces.items():
        numbers = _shuffled(len(elements), random_bytes)
        rows: dict[int, bytes] = {}
        for number, (element, value) in zip(numbers, elements.items(), strict=True):
            rows[number] = cbor.encode(
                {
                    "digestID": number,
                    "random": random_bytes(OUR_RANDOM_BYTES),
                    "elementIdentifier": element,
                    "elementValue": to_cbor(value),
                }
            )
        items[name] = [CBORTag(cbor.ENCODED_CBOR, rows[number]) for number in sorted(rows)]
        digests[name] = {number: hashlib.sha256(cbor.tagged_bytes(rows[number])).digest() for number in sorted(rows)}
    mso: dict[str, Any] = {
        "version": "1.0",
        "digestAlgorithm": "SHA-256",
        "valueDigests": digests,
        "deviceKeyInfo": {"deviceKey": device_key.to_cose_key()},
        "docType": doc_type,
        "validityInfo": {
            "signed": to_cbor(signed),
            "validFrom": to_cbor(valid_from),
            "validUntil": to_cbor(valid_until),
        },
    }
    if status is not None:
        mso["status"] = dict(status)
    payload = cbor.tagged_bytes(cbor.encode(mso))
    x5chain = chain[0] if len(chain) == 1 else list(chain)
    auth = cose.sign1(payload, signer=signer, unprotected={cose.X5CHAIN: x5chain})
    return cbor.encode({"nameSpaces": items, "issuerAuth": auth.to_cbor()})


def parse_issuer_signed(value: Any) -> IssuerSigned:
    """Read a decoded IssuerSigned. Raises Malformed."""
    if not isinstance(value, dict) or not {"issuerAuth"} <= set(value) <= {"nameSpaces", "issuerAuth"}:
        raise Malformed("IssuerSigned is not in its form")
    namespaces = value.get("nameSpaces", {})
    if not isinstance(namespaces, dict) or not all(isinstance(name, str) for name in namespaces):
        raise Malformed("nameSpaces is not in its form")
    parsed = {name: _parse_items(items) for name, items in namespaces.items()}
    return IssuerSigned(namespaces=parsed, issuer_auth=cose.parse_sign1(value["issuerAuth"]))


def _parse_items(items: Any) -> tuple[Item, ...]:
    if not isinstance(items, list) or not items:
        raise Malformed("a namespace has items")
    parsed = tuple(_parse_item(cbor.unwrap_tagged_bytes(item)) for item in items)
    if len({item.element for item in parsed}) != len(parsed) or len({item.digest_id for item in parsed}) != len(parsed):
        raise Malformed("a namespace names an element or a digest twice")
    return parsed


def _parse_item(encoded: bytes) -> Item:
    item = cbor.decode(encoded)
    if not isinstance(item, dict) or set(item) != {"digestID", "random", "elementIdentifier", "elementValue"}:
        raise Malformed("an issuer-signed item is not in its form")
    digest_id, random, element = item["digestID"], item["random"], item["elementIdentifier"]
    if not _is_uint(digest_id) or not isinstance(element, str):
        raise Malformed("an issuer-signed item is not in its form")
    if not isinstance(random, bytes) or len(random) < MIN_RANDOM_BYTES:
        raise Malformed("an issuer-signed item has too little randomness")
    return Item(encoded=encoded, digest_id=digest_id, element=element, value=item["elementValue"])


def parse_mso(payload: bytes) -> Mso:
    """Read the payload of issuerAuth. Raises Malformed, AlgorithmNotAllowed, KeyInvalid."""
    mso = cbor.decode(cbor.unwrap_tagged_bytes(cbor.decode(payload)))
    required = {"version", "digestAlgorithm", "valueDigests", "deviceKeyInfo", "docType", "validityInfo"}
    if not isinstance(mso, dict) or not required <= set(mso) or mso["version"] != "1.0":
        raise Malformed("the mobile security object is not in its form")
    if mso["digestAlgorithm"] not in DIGESTS:
        raise AlgorithmNotAllowed("the digest algorithm of the mobile security object is not allowed")
    key_info, validity = mso["deviceKeyInfo"], mso["validityInfo"]
    if not isinstance(key_info, dict) or not isinstance(key_info.get("deviceKey"), dict):
        raise Malformed("the mobile security object has no device key")
    if not isinstance(validity, dict) or not isinstance(mso["docType"], str):
        raise Malformed("the mobile security object is not in its form")
    authorizations = key_info.get("keyAuthorizations", {})
    if not isinstance(authorizations, dict):
        raise Malformed("keyAuthorizations is not in its form")
    return Mso(
        doc_type=mso["docType"],
        digest_algorithm=mso["digestAlgorithm"],
        digests=_parse_digests(mso["valueDigests"]),
        device_key=PublicKey.from_cose_key(key_info["deviceKey"]),
        signed=_parse_tdate(validity.get("signed")),
        valid_from=_parse_tdate(validity.get("validFrom")),
        valid_until=_parse_tdate(validity.get("validUntil")),
        status=mso.get("status"),
        authorized_namespaces=frozenset(_texts(authorizations.get("nameSpaces", []))),
        authorized_elements={
            name: frozenset(_texts(elements)) for name, elements in _map(authorizations.get("dataElements", {})).items()
        },
    )


def check_mso(mso: Mso, *, doc_type: str, now: datetime, skew_seconds: int = 60) -> None:
    """Check document type and validity at `now`. Raises TypeUnexpected, CredentialExpired, CredentialNotYetValid."""
    if mso.doc_type != doc_type:
        raise TypeUnexpected("the document type in the signed object is not the one that is shown")
    if not mso.valid_from <= mso.valid_until:
        raise Malformed("the validity ends before it begins")
    if now.timestamp() < mso.valid_from.timestamp() - skew_seconds:
        raise CredentialNotYetValid("the document is not valid yet")
    if now.timestamp() > mso.valid_until.timestamp() + skew_seconds:
        raise CredentialExpired("the document's validity is over")


def check_digests(signed: IssuerSigned, mso: Mso) -> dict[str, dict[str, Any]]:
    """Return namespace -> element -> value once every item's digest stands in the object. Raises DisclosureInvalid."""
    hasher = DIGESTS[mso.digest_algorithm]
    claims: dict[str, dict[str, Any]] = {}
    for name, items in signed.namespaces.items():
        expected = mso.digests.get(name, {})
        for item in items:
            digest = hasher(cbor.tagged_bytes(item.encoded)).digest()
            if not hmac.compare_digest(digest, expected.get(item.digest_id, b"")):
                raise DisclosureInvalid("an item is not among those that the issuer signed")
            claims.setdefault(name, {})[item.element] = item.value
    return claims


def to_cbor(value: Any) -> Any:
    """Write a Python value as mdoc has it: dates and times get their tags, all the way down."""
    if isinstance(value, datetime):
        return CBORTag(cbor.DATE_TIME, value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if isinstance(value, date):
        return CBORTag(cbor.FULL_DATE, value.isoformat())
    if isinstance(value, Mapping):
        return {name: to_cbor(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [to_cbor(one) for one in value]
    return value


def _shuffled(count: int, random_bytes: Callable[[int], bytes]) -> list[int]:
    """0..count-1 in random order, by sorting random keys."""
    return sorted(range(count), key=lambda _: random_bytes(8))


def _parse_digests(value: Any) -> dict[str, dict[int, bytes]]:
    digests = _map(value)
    for name, rows in digests.items():
        well_formed = isinstance(rows, dict) and all(
            _is_uint(number) and isinstance(digest, bytes) for number, digest in rows.items()
        )
        if not isinstance(name, str) or not well_formed:
            raise Malformed("valueDigests is not in its form")
    return digests


def _parse_tdate(value: Any) -> datetime:
    if not isinstance(value, CBORTag) or value.tag != cbor.DATE_TIME or not isinstance(value.value, str):
        raise Malformed("a validity date is not a tdate")
    if not _TDATE.fullmatch(value.value):
        raise Malformed("a validity date is not in UTC with whole seconds")
    try:
        return datetime.fromisoformat(value.value)
    except ValueError as error:
        raise Malformed("a validity date is no date") from error


def _map(value: Any) -> dict[Any, Any]:
    if not isinstance(value, dict):
        raise Malformed("a map is due")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Malformed("a list of names is due")
    return value


def _is_uint(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
