"""mdoc as an attacker meets it (T21 to T26), and the whole way from issuing to checking."""

import secrets
from datetime import UTC, date, datetime, timedelta
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import cbor, cose
from credentials.cbor import CBORTag
from credentials.mdoc.device_response import (
    build_device_response,
    check_device_auth,
    emac_key,
    parse_device_response,
)
from credentials.mdoc.mso import (
    check_digests,
    check_mso,
    issue_mdoc,
    parse_issuer_signed,
    parse_mso,
)
from credentials.mdoc.session_transcript import redirect_transcript
from did.errors import IdError, Malformed
from did.keys import PrivateKey
from did.signing import LocalSigner

ISSUER = LocalSigner(PrivateKey.generate("ES256"))
DEVICE = LocalSigner(PrivateKey.generate("ES256"))
DOC_TYPE, NS = "example.id.eresidency.1", "example.id.eresidency.1"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
CLAIMS: dict[str, Any] = {
    "family_name": "Tamm",
    "given_name": "Maria",
    "birth_date": date(1988, 5, 28),
    "nationalities": ["BR", "PT"],
    "portrait": b"\xff\xd8",
}


def transcript(nonce: str = "nonce-1", client_id: str = "x509_hash:abc", thumbprint: bytes = b"t" * 32) -> bytes:
    return redirect_transcript(
        client_id=client_id, nonce=nonce, response_uri="https://v.example/r/1", jwk_thumbprint=thumbprint
    )


def issued(**changed: Any) -> bytes:
    options: dict[str, Any] = {
        "doc_type": DOC_TYPE,
        "namespaces": {NS: CLAIMS},
        "device_key": DEVICE.public_key,
        "signer": ISSUER,
        "chain": [b"leaf"],
        "signed": NOW,
        "valid_from": NOW,
        "valid_until": NOW + timedelta(days=14),
        "random_bytes": secrets.token_bytes,
    }
    return issue_mdoc(**(options | changed))


def shown(disclose: list[str] | None = None, session: bytes | None = None, **changed: Any) -> bytes:
    held = parse_issuer_signed(cbor.decode(changed.pop("issued", None) or issued()))
    options: dict[str, Any] = {
        "doc_type": DOC_TYPE,
        "disclose": {NS: ["family_name", "birth_date"] if disclose is None else disclose},
        "session_transcript": session or transcript(),
        "signer": DEVICE,
    }
    return build_device_response(held, **(options | changed))


def judge(response: bytes, session: bytes | None = None, now: datetime = NOW, **options: Any) -> dict[str, Any]:
    [document] = parse_device_response(response)
    mso = parse_mso(cose.verify_sign1(document.issuer_signed.issuer_auth, key=ISSUER.public_key))
    check_mso(mso, doc_type=document.doc_type, now=now)
    check_device_auth(document, mso, session_transcript=session or transcript(), **options)
    return check_digests(document.issuer_signed, mso)


def changed(response: bytes, edit: Any) -> bytes:
    tree = cbor.decode(response)
    edit(tree["documents"][0])
    return cbor.encode(tree)


def test_only_what_was_chosen_is_shown_and_dates_keep_their_tags() -> None:
    claims = judge(shown())
    assert claims == {NS: {"family_name": "Tamm", "birth_date": CBORTag(1004, "1988-05-28")}}
    assert b"Maria" not in shown()


def test_copies_of_one_dataset_have_no_random_or_digest_in_common() -> None:
    first, second = (parse_issuer_signed(cbor.decode(issued())) for _ in range(2))
    digests = [set(parse_mso(one.issuer_auth.payload or b"").digests[NS].values()) for one in (first, second)]
    assert not digests[0] & digests[1]


def edit_item(element: str, value: Any) -> Any:
    def edit(document: dict[str, Any]) -> None:
        items = document["issuerSigned"]["nameSpaces"][NS]
        for at, item in enumerate(items):
            inner = cbor.decode(item.value)
            if inner["elementIdentifier"] == element:
                items[at] = CBORTag(24, cbor.encode({**inner, "elementValue": value}))

    return edit


def move_namespace(document: dict[str, Any]) -> None:
    spaces = document["issuerSigned"]["nameSpaces"]
    spaces["other"] = spaces.pop(NS)


def repeat_item(document: dict[str, Any]) -> None:
    items = document["issuerSigned"]["nameSpaces"][NS]
    items.append(items[0])


def foreign_item(document: dict[str, Any]) -> None:
    other = cbor.decode(issued(namespaces={NS: {"family_name": "Other"}}))
    document["issuerSigned"]["nameSpaces"][NS] = other["nameSpaces"][NS]


def reordered_item(document: dict[str, Any]) -> None:
    items = document["issuerSigned"]["nameSpaces"][NS]
    inner = cbor.decode(items[0].value)
    items[0] = CBORTag(24, cbor.encode(dict(reversed(inner.items()))))


@pytest.mark.parametrize(
    "edit", [edit_item("family_name", "Kask"), move_namespace, repeat_item, foreign_item, reordered_item]
)
def test_T21_changed_moved_repeated_foreign_and_reencoded_items_are_refused(edit: Any) -> None:
    with pytest.raises(IdError):
        judge(changed(shown(), edit))


def test_T22_device_authentication_is_demanded_once_and_by_the_right_key() -> None:
    stranger = LocalSigner(PrivateKey.generate("ES256"))
    with pytest.raises(IdError):
        judge(shown(signer=stranger))

    def drop(document: dict[str, Any]) -> None:
        document["deviceSigned"]["deviceAuth"] = {}

    def both(document: dict[str, Any]) -> None:
        document["deviceSigned"]["deviceAuth"]["deviceMac"] = [b"\xa1\x01\x05", {}, None, b"0" * 32]

    def claim_more(document: dict[str, Any]) -> None:
        document["deviceSigned"]["nameSpaces"] = CBORTag(24, cbor.encode({NS: {"age_over_18": True}}))

    for edit in (drop, both, claim_more):
        with pytest.raises(IdError):
            judge(changed(shown(), edit))


def test_T23_a_response_made_for_another_session_is_refused() -> None:
    response = shown()
    for other in (transcript("nonce-2"), transcript(client_id="x509_hash:xyz"), transcript(thumbprint=b"u" * 32)):
        with pytest.raises(IdError):
            judge(response, other)


def test_T24_validity_type_and_digest_algorithm_are_held_against_the_clock_and_the_rules() -> None:
    for moment in (NOW - timedelta(minutes=2), NOW + timedelta(days=14, minutes=2)):
        with pytest.raises(IdError):
            judge(shown(), now=moment)
    with pytest.raises(IdError):
        judge(shown(doc_type="org.iso.18013.5.1.mDL"))


def test_T25_another_issuer_and_an_unprotected_algorithm_are_refused() -> None:
    stranger = LocalSigner(PrivateKey.generate("ES256"))
    with pytest.raises(IdError):
        judge(shown(issued=issued(signer=stranger)))

    def unprotect(document: dict[str, Any]) -> None:
        auth = document["issuerSigned"]["issuerAuth"]
        auth[0], auth[1] = b"", {**auth[1], 1: -7}

    with pytest.raises(IdError):
        judge(changed(shown(), unprotect))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x9f\x01\xff",
        b"\xa2\x01\x02\x01\x03",
        b"\x01\x02",
        b"\x81" * 40 + b"\x01",
        b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x5b\x7f\xff\xff\xff\xff\xff\xff\xff",
        b"\x62\xff\xff",
        b"\xc2\x49\x01" + bytes(8),
        b"\xd8\x1c\x80",
        b"\xd9\xd9\xf7\x01",
        b"\xc1\x1a\x51\x4b\x67\xb0",
        bytes(600_000),
    ],
)
def test_T26_cbor_bombs_and_strange_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(Malformed):
        cbor.decode(data)


def test_authentication_by_mac_holds_for_the_reader_that_shares_the_key() -> None:
    reader, session = PrivateKey.generate("ES256"), transcript()
    device = PrivateKey.generate("ES256")
    held = issued(device_key=device.public_key)
    key = emac_key(device, reader.public_key, session)
    response = shown(issued=held, signer=None, mac_key=key, session=session)
    assert judge(response, session, reader_key=reader)[NS]["family_name"] == "Tamm"
    for wrong in (PrivateKey.generate("ES256"), None):
        with pytest.raises(IdError):
            judge(response, session, reader_key=wrong)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_changed_byte_is_accepted_with_another_meaning(data: st.DataObject) -> None:
    response = shown()
    at = data.draw(st.integers(0, len(response) - 1))
    mutant = response[:at] + bytes((response[at] ^ data.draw(st.integers(1, 255)),)) + response[at + 1 :]
    try:
        claims = judge(mutant)
    except IdError:
        return
    # What still passes (the unsigned certificate bytes of this made-up chain, for one) shows nothing new.
    assert all(value in ("Tamm", CBORTag(1004, "1988-05-28")) for value in claims.get(NS, {}).values())


@given(st.binary(max_size=300))
def test_only_our_own_errors_come_out_of_the_parser(data: bytes) -> None:
    try:
        parse_device_response(data)
    except IdError:
        pass


@given(st.recursive(st.none() | st.integers() | st.text() | st.binary(), lambda inner: st.lists(inner), max_leaves=20))
def test_only_our_own_errors_come_out_of_well_formed_cbor(value: Any) -> None:
    for parse in (parse_device_response, parse_mso, lambda data: parse_issuer_signed(cbor.decode(data))):
        try:
            parse(cbor2.dumps(value))
        except IdError:
            pass
