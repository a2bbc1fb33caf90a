"""Bitstring status lists: order of bits, limits, and every list that must not be believed (T35, T36)."""

import gzip
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.data_integrity.secured import verify_credential
from credentials.errors import CredentialRevoked, CredentialSuspended, StatusInvalid, StatusUnavailable, TooLarge
from credentials.status.bitstring import (
    MIN_ENTRIES,
    Bitstring,
    BitstringInvalid,
    BitstringRange,
    BitstringTooShort,
    Status,
    StatusEntry,
    build_list_credential,
    check_entry,
    enforce,
    entry_json,
    parse_entry,
)
from credentials.vcdm import parse_credential
from did.encoding import b64url_encode
from did.errors import IdError
from tests.unit.credentials.data_integrity.test_proofs import ISSUER, KEYS

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
URL = "https://status.example/1"
ENTRY = StatusEntry(list_url=URL, purpose="revocation", index=94567)


def listed(**changes: Any) -> dict[str, Any]:
    statuses = Bitstring.empty()
    statuses.set(94567, 1)
    document = build_list_credential(
        statuses,
        url=URL,
        issuer=ISSUER.did,
        purposes=("revocation", "suspension"),
        valid_from=NOW - timedelta(hours=1),
        valid_until=NOW + timedelta(hours=1),
        ttl=timedelta(minutes=5),
    )
    subject = {**document["credentialSubject"], **changes.pop("subject", {})}
    return {**document, "credentialSubject": subject, **changes}


def look_up(document: dict[str, Any], entry: StatusEntry = ENTRY, **options: Any) -> Status:
    options = {"issuer": ISSUER.did, "now": NOW, **options}
    return check_entry(entry, parse_credential(document, expand=False), **options)


def test_a_signed_list_from_end_to_end() -> None:
    secured = ISSUER.sign(listed(), "eddsa-rdfc-2022")
    verified = verify_credential(secured, keys=KEYS, now=NOW).credential
    found = check_entry(ENTRY, verified, issuer=ISSUER.did, now=NOW)
    assert (found.value, found.valid) == (1, False)
    other = StatusEntry(list_url=URL, purpose="suspension", index=94568)
    assert check_entry(other, verified, issuer=ISSUER.did, now=NOW).valid
    with pytest.raises(CredentialRevoked):
        enforce([found])
    with pytest.raises(CredentialSuspended):
        enforce([Status(purpose="suspension", value=1)])
    enforce([Status(purpose="refresh", value=1), Status(purpose="revocation", value=0)])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"type": ["VerifiableCredential"]}, BitstringInvalid),
        ({"issuer": "did:example:other"}, BitstringInvalid),
        ({"id": "https://status.example/2"}, BitstringInvalid),
        ({"validUntil": "2026-11-22T11:30:00Z"}, StatusUnavailable),
        ({"validFrom": "2026-11-22T12:30:00Z"}, StatusUnavailable),
        ({"subject": {"type": "StatusList2021"}}, BitstringInvalid),
        ({"subject": {"statusPurpose": "suspension"}}, BitstringInvalid),
        ({"subject": {"encodedList": 5}}, BitstringInvalid),
        ({"subject": {"encodedList": "uAAAA"}}, BitstringInvalid),
        ({"subject": {"encodedList": "zAAAA"}}, BitstringInvalid),
        ({"subject": {"ttl": -1}}, BitstringInvalid),
        ({"subject": {"ttl": "300000"}}, BitstringInvalid),
    ],
)
def test_T36_lists_that_are_not_the_one_expected(changes: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        look_up(listed(**changes))


def test_T36_several_subjects_are_no_list() -> None:
    document = listed()
    with pytest.raises(StatusInvalid):
        look_up({**document, "credentialSubject": [document["credentialSubject"]] * 2})


@pytest.mark.parametrize("index", [MIN_ENTRIES, 10**9])
def test_T36_an_index_outside_the_list(index: int) -> None:
    with pytest.raises(BitstringRange):
        look_up(listed(), StatusEntry(list_url=URL, purpose="revocation", index=index))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "StatusList2021Entry"},
        {"statusListIndex": 5},
        {"statusListIndex": "-5"},
        {"statusListIndex": "05"},
        {"statusListIndex": "5.0"},
        {"statusListIndex": "٥"},
        {"statusListIndex": "9" * 11},
        {"statusListCredential": "no url"},
        {"statusListCredential": None},
        {"id": URL},
        {"statusPurpose": ""},
        {"statusPurpose": ["revocation"]},
        {"statusSize": 0},
        {"statusSize": 9},
        {"statusSize": True},
        {"statusSize": 2},
        {"statusSize": 2, "statusMessage": [{"status": "0x0", "message": "a"}]},
        {"statusMessage": [{"status": "0x0", "message": "a"}, {"status": "0x0", "message": "b"}]},
        {"statusMessage": [{"status": "0", "message": "a"}, {"status": "0x1", "message": "b"}]},
        {"statusMessage": ["a", "b"]},
    ],
)
def test_T36_entries_that_are_malformed(change: dict[str, Any]) -> None:
    with pytest.raises(BitstringInvalid):
        parse_entry({**entry_json(ENTRY), **change})


def test_entries_round_trip_with_their_messages() -> None:
    assert parse_entry(entry_json(ENTRY)) == ENTRY
    entry = StatusEntry(list_url=URL, purpose="message", index=3, size=2, messages=("ok", "late", "lost", "undefined"))
    assert parse_entry(entry_json(entry)) == entry
    statuses = Bitstring.empty(size=2)
    statuses.set(3, 2)
    document = listed(subject={"statusPurpose": "message", "encodedList": statuses.encode()})
    assert look_up(document, entry).message == "lost"


def test_T35_a_list_that_expands_without_end() -> None:
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    with pytest.raises(TooLarge):
        Bitstring.decode("u" + b64url_encode(bomb))
    with pytest.raises(TooLarge):
        Bitstring.decode("u" + "A" * (3 * 1024 * 1024))


def test_T35_streams_cut_off_doubled_or_too_short() -> None:
    whole = gzip.compress(bytes(MIN_ENTRIES // 8))
    for bad in (whole[:-1], whole + whole, whole + b"\0", b""):
        with pytest.raises(BitstringInvalid):
            Bitstring.decode("u" + b64url_encode(bad))
    with pytest.raises(BitstringTooShort):
        Bitstring.decode("u" + b64url_encode(gzip.compress(bytes(MIN_ENTRIES // 8 - 1))))
    with pytest.raises(BitstringTooShort):
        Bitstring.decode("u" + b64url_encode(whole), size=2)


def test_the_first_index_is_the_leftmost_bit() -> None:
    statuses = Bitstring.empty()
    statuses.set(0, 1)
    assert gzip.decompress(gzip.compress(bytes(1))) == b"\0"
    assert Bitstring(b"\x80" + bytes(1)).get(0) == 1
    assert Bitstring(b"\x01").get(7) == 1


def test_only_new_lists_change_and_only_to_what_fits() -> None:
    with pytest.raises(BitstringInvalid):
        Bitstring(bytes(4)).set(0, 1)
    for value in (2, -1, True, "1"):
        with pytest.raises(BitstringInvalid):
            Bitstring.empty().set(0, value)  # type: ignore[arg-type]  # what a caller could pass by mistake
    for size in (0, 9, True):
        with pytest.raises(BitstringInvalid):
            Bitstring(b"", size=size)


@settings(max_examples=60, deadline=None)
@given(size=st.integers(1, 8), values=st.dictionaries(st.integers(0, 400), st.integers(0, 255), max_size=30))
def test_every_size_reads_what_was_written(size: int, values: dict[int, int]) -> None:
    statuses = Bitstring(bytearray(401), size=size)
    kept = {}
    for at, value in values.items():
        if at < len(statuses):
            kept[at] = value % (1 << size)
            statuses.set(at, kept[at])
    assert all(statuses.get(at) == kept.get(at, 0) for at in range(len(statuses)))


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=30), raw=st.binary(max_size=60))
def test_hostile_lists_raise_only_our_own_errors(text: str, raw: bytes) -> None:
    for encoded in (text, "u" + text, "u" + b64url_encode(raw)):
        with pytest.raises(IdError):
            Bitstring.decode(encoded)
