"""T40: no field of any entry can be changed, no entry dropped, moved or added, by whoever serves the log."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did.errors import InvalidLog
from did.jcs_proof import create_proof
from did.keys import PrivateKey
from did.signing import LocalSigner
from did.webvh.author import DidLog, create, deactivate, move, update
from did.webvh.history import History, check_log, check_witnesses, parse_log
from did.webvh.identifier import entry_hash, key_hash, parse_webvh, scid_of
from did.webvh.witness import WitnessFile, parse_witness_file
from tests.unit.did.samples import NOW
from tests.unit.did.test_webvh import KEYS, at, joined, multikey, new, proofs, rule

ATTACKER = LocalSigner(PrivateKey.generate("Ed25519"))


def eventful() -> tuple[DidLog, WitnessFile]:
    """A log with everything in it: rotation, pre-rotation, witnesses that change, a move, a time to live."""
    log = new(portable=True, watchers=["https://w.example"], witness=rule(1, 0), nextKeyHashes=[key_hash(multikey(1))])
    keys = {"updateKeys": [multikey(1)], "nextKeyHashes": [key_hash(multikey(2)), key_hash(multikey(3))]}
    log = update(log, signer=KEYS[1], now=at(1), parameters={**keys, "witness": rule(2, 1, 2), "ttl": 10})
    keys = {"updateKeys": [multikey(2), multikey(3)], "nextKeyHashes": []}
    log = update(log, signer=KEYS[3], now=at(2), parameters=keys)
    log = update(log, signer=KEYS[2], now=at(3), parameters={"updateKeys": [multikey(4)], "witness": {}})
    log = move(log, "https://new.example", "x", signer=KEYS[4], now=at(4), parameters={"ttl": 20})
    return log, joined(proofs(log, 2, 0), proofs(log, 4, 1, 2))


LOG, FILE = eventful()
ENTRIES: list[Any] = [json.loads(line) for line in LOG.to_jsonl().splitlines()]


def check(entries: list[Any], file: WitnessFile = FILE, did: str = LOG.did.did) -> History:
    data = b"\n".join(json.dumps(entry).encode() for entry in entries)
    return check_witnesses(check_log(parse_log(data), did=parse_webvh(did), now=NOW), file)


def refused(entries: list[Any], *, known: int) -> bool:
    """Tell whether `entries` are refused, and of the true log at most `known` versions are left."""
    try:
        history = check(entries)
    except InvalidLog:
        return True
    if history.error is None:
        return False
    return [version.entry for version in history.versions] == ENTRIES[: len(history.versions)] and (
        len(history.versions) <= known
    )


def test_the_eventful_log_is_good() -> None:
    history = check(ENTRIES)
    assert history.error is None and len(history.versions) == 5
    assert [version.witness and version.witness.threshold for version in history.versions] == [1, 1, 2, 2, None]


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Walk to every member, item and leaf of a JSON value."""
    if path:
        yield path
    if isinstance(value, dict):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from places(item, (*path, number))


def other_values(value: Any) -> list[Any]:
    """Values close to `value` but not it: flipped, longer, shorter, of another kind."""
    if isinstance(value, bool):
        return [not value, int(value), str(value)]
    if isinstance(value, int):
        return [value + 1, value - 1, str(value), value + 0.5]
    if isinstance(value, str):
        middle = len(value) // 2
        swapped = value[:middle] + ("x" if value[middle : middle + 1] != "x" else "y") + value[middle + 1 :]
        return [swapped, value + "x", value[:-1], value.swapcase(), "", None, [value], 1]
    if isinstance(value, list):
        return [[*value, "x"], value[:-1], [*value, *value], {}, None, "x"]
    return [{**value, "extra": 1}, {}, [], None, "x"]


PLACES = [(number, path) for number, entry in enumerate(ENTRIES) for path in places(entry)]


@pytest.mark.parametrize("number", range(len(ENTRIES)))
def test_T40_every_field_of_every_entry_is_bound(number: int) -> None:
    seen = 0
    for at_entry, path in PLACES:
        if at_entry != number:
            continue
        for value in [*other_values(_look(ENTRIES[number], path)), _GONE]:
            changed = copy.deepcopy(ENTRIES)
            holder = _look(changed[number], path[:-1])
            if value is _GONE:
                del holder[path[-1]]
            else:
                holder[path[-1]] = value
            if changed == ENTRIES and json.dumps(changed) == json.dumps(ENTRIES):
                continue
            seen += 1
            assert refused(changed, known=number), (path, value)
    assert seen > 150


_GONE = object()


def _look(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_T40_every_byte_of_the_log_is_bound(data: st.DataObject) -> None:
    text = LOG.to_jsonl()
    place = data.draw(st.integers(0, len(text) - 1))
    byte = data.draw(st.integers(0, 255))
    changed = text[:place] + bytes([byte]) + text[place + 1 :]
    if byte == text[place] or (byte in b" \t\r" and text[place : place + 1] in (b"\n", b" ")):
        return
    try:
        history = check_witnesses(check_log(parse_log(changed), did=LOG.did, now=NOW), FILE)
    except InvalidLog:
        return
    if history.error is None:  # only blanks outside texts may differ
        assert [version.entry for version in history.versions] == ENTRIES
    else:
        assert [version.entry for version in history.versions] == ENTRIES[: len(history.versions)]


def test_T40_entries_dropped_moved_doubled_or_cut() -> None:
    one, two, three, four, five = ENTRIES
    for entries, known in (
        ([one, three, four, five], 1),
        ([one, two, four, five], 2),
        ([two, three, four, five], 0),
        ([one, three, two, four, five], 1),
        ([two, one, three, four, five], 0),
        ([one, one, two, three, four, five], 1),
        ([one, two, two, three, four, five], 2),
        ([*ENTRIES, five], 5),
        ([*ENTRIES, one], 5),
        ([*ENTRIES, {}], 5),
        ([*ENTRIES, None], 5),
        ([[one], two], 0),
        (ENTRIES[::-1], 0),
    ):
        assert refused(entries, known=known)
    # A shorter log is a good log of its own: only a remembered head tells (LogRolledBack).
    early = proofs(LOG, 2, 0)
    assert check([one, two], early, LOG.versions[0].did.did).error is None


def test_T40_the_log_of_another_did() -> None:
    other = new(ttl=77)
    for did in (other.did.did, f"did:webvh:{'Q' * 46}:id.example.com:dids:7", f"did:webvh:{LOG.did.scid}:evil.example"):
        with pytest.raises(InvalidLog):
            check(ENTRIES, FILE, did)
    mixed = [ENTRIES[0], json.loads(other.to_jsonl())]
    assert refused(mixed, known=1)


def resigned(entry: dict[str, Any], predecessor: str, number: int, signer: LocalSigner) -> dict[str, Any]:
    """Make `entry` consistent in itself: new hash, new version id, new proof by `signer`."""
    entry = {name: value for name, value in entry.items() if name != "proof"}
    entry["versionId"] = f"{number}-{entry_hash(entry, predecessor=predecessor)}"
    key = signer.public_key.to_multikey()
    options = {"verificationMethod": f"did:key:{key}#{key}", "proofPurpose": "assertionMethod"}
    entry["proof"] = [create_proof(entry, options, signer=signer)]
    return entry


def test_T40_entries_made_again_with_the_attackers_key() -> None:
    """Everything consistent but the authority: each entry forged in turn, by strangers and by spent keys."""
    for number in range(1, 5):
        before = ENTRIES[number - 1]["versionId"]
        for signer in (ATTACKER, *KEYS):
            forged = {**ENTRIES[number], "state": {**ENTRIES[number]["state"], "note": "evil"}}
            entry = resigned(forged, before, number + 1, signer)
            allowed = {1: [1], 2: [2, 3], 3: [2, 3], 4: [4]}[number]
            if signer in [KEYS[key] for key in allowed]:
                continue
            assert refused([*ENTRIES[:number], entry], known=number)
            with_own_key = copy.deepcopy(forged)
            with_own_key["parameters"]["updateKeys"] = [signer.public_key.to_multikey()]
            entry = resigned(with_own_key, before, number + 1, signer)
            assert refused([*ENTRIES[:number], entry], known=number)


def test_T40_a_first_entry_made_again_has_another_scid() -> None:
    scid = LOG.did.scid
    forged = copy.deepcopy(ENTRIES[0])
    forged["parameters"]["updateKeys"] = [ATTACKER.public_key.to_multikey()]
    assert scid_of(forged, scid=scid) != scid
    assert refused([resigned(forged, scid, 1, ATTACKER)], known=0)
    # With the real update keys in place and an entry hash that fits, the key is still the wrong one.
    assert refused([resigned(ENTRIES[0], scid, 1, ATTACKER)], known=0)


def proof_changes() -> dict[str, Callable[[dict[str, Any]], Any]]:
    key, other = multikey(4), ATTACKER.public_key.to_multikey()
    return {
        "no proof": lambda entry: [],
        "proof not a list": lambda entry: entry["proof"][0],
        "proof null": lambda entry: None,
        "proof twice with one bad": lambda entry: [*entry["proof"], {**entry["proof"][0], "proofValue": "z1"}],
        "many proofs": lambda entry: entry["proof"] * 17,
        "proof not an object": lambda entry: ["x"],
        "other suite": lambda entry: [{**entry["proof"][0], "cryptosuite": "eddsa-rdfc-2022"}],
        "ecdsa suite": lambda entry: [{**entry["proof"][0], "cryptosuite": "ecdsa-jcs-2019"}],
        "no suite": lambda entry: [{k: v for k, v in entry["proof"][0].items() if k != "cryptosuite"}],
        "other purpose": lambda entry: [{**entry["proof"][0], "proofPurpose": "authentication"}],
        "body of another key": lambda entry: [{**entry["proof"][0], "verificationMethod": f"did:key:{other}#{key}"}],
        "fragment of another key": lambda entry: [
            {**entry["proof"][0], "verificationMethod": f"did:key:{key}#{other}"}
        ],
        "bare key": lambda entry: [{**entry["proof"][0], "verificationMethod": key}],
        "no fragment": lambda entry: [{**entry["proof"][0], "verificationMethod": f"did:key:{key}"}],
        "web key": lambda entry: [{**entry["proof"][0], "verificationMethod": "did:web:evil.example#key"}],
        "with a context": lambda entry: [{**entry["proof"][0], "@context": ["https://evil.example"]}],
    }


@pytest.mark.parametrize("change", proof_changes().values(), ids=proof_changes().keys())
def test_T40_proofs_of_another_kind(change: Callable[[dict[str, Any]], Any]) -> None:
    last = copy.deepcopy(ENTRIES[4])
    last["proof"] = change(last)
    assert refused([*ENTRIES[:4], last], known=4)


@pytest.mark.parametrize(
    "changes",
    [
        {"proofPurpose": "authentication"},
        {"expires": "2026-11-22T11:59:59Z"},
        {"expires": "soon"},
        {"created": "yesterday"},
        {"verificationMethod": f"did:key:{multikey(4)}"},
    ],
    ids=lambda changes: "-".join(changes),
)
def test_T40_a_proof_signed_for_something_else(changes: dict[str, str]) -> None:
    """These proofs verify as signatures; what they say is not what a log entry needs."""
    last = {name: value for name, value in ENTRIES[4].items() if name != "proof"}
    options = {
        "verificationMethod": f"did:key:{multikey(4)}#{multikey(4)}",
        "proofPurpose": "assertionMethod",
        **changes,
    }
    last["proof"] = [create_proof(last, options, signer=KEYS[4])]
    assert refused([*ENTRIES[:4], last], known=4)


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-22T12:06:00Z",
        "9999-01-01T00:00:00Z",
        "2000-01-01T00:00:00Z",
        "2026-11-21T21:23:00+02:00",
        "2026-11-21T19:24:00",
        "2026-11-21",
        "now",
        "",
        None,
        1795289040,
    ],
)
def test_T40_times_that_cannot_be(time: Any) -> None:
    """Signed by the right key, over the right hash: the time alone is wrong."""
    entry = resigned({**ENTRIES[4], "versionTime": time}, ENTRIES[3]["versionId"], 5, KEYS[4])
    assert refused([*ENTRIES[:4], entry], known=4)


def test_times_that_may_be() -> None:
    for time in ("2026-11-22T12:05:00Z", "2026-11-21T19:24:00+00:00", "2026-11-21T19:23:00.5Z"):
        entry = resigned({**ENTRIES[4], "versionTime": time}, ENTRIES[3]["versionId"], 5, KEYS[4])
        assert check([*ENTRIES[:4], entry]).error is None


@pytest.mark.parametrize("number", ["0", "1", "6", "05", "5-5", "+5", "5.0", ""])
def test_T40_numbers_that_are_not_the_next(number: str) -> None:
    _, _, digest = ENTRIES[4]["versionId"].partition("-")
    for version_id in (f"{number}-{digest}", f"{number}{digest}"):
        last = {**ENTRIES[4], "versionId": version_id}
        last = {name: value for name, value in last.items() if name != "proof"}
        options = {"verificationMethod": f"did:key:{multikey(4)}#{multikey(4)}", "proofPurpose": "assertionMethod"}
        last["proof"] = [create_proof(last, options, signer=KEYS[4])]
        assert refused([*ENTRIES[:4], last], known=4)


def test_T40_nothing_follows_deactivation() -> None:
    ended = deactivate(LOG, signer=KEYS[4], now=at(9))
    entries = [json.loads(line) for line in ended.to_jsonl().splitlines()]
    assert check(entries).error is None
    for parameters in ({}, {"deactivated": False}, {"updateKeys": [multikey(4)], "deactivated": False}):
        back = {**ENTRIES[4], "versionTime": "2026-11-21T19:50:00Z", "parameters": parameters}
        entry = resigned(back, entries[-1]["versionId"], 7, KEYS[4])
        history = check([*entries, entry])
        assert history.error is not None and len(history.versions) == 6 and history.deactivated


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"\xef\xbb\xbf{}",
        b"{}\r\n\r\n{}",
        b"[" * 100_000,
        b"{}\n" * 3000,
        b" " * (3 << 20),
        b'{"versionId":"1","versionId":"2"}',
        b'{"versionId":1e999}',
    ],
    ids=lambda data: repr(data[:20]),
)
def test_T40_files_that_are_no_log(data: bytes) -> None:
    with pytest.raises(InvalidLog):
        check_log(parse_log(data), did=LOG.did, now=NOW)


def test_a_good_log_with_numbers_that_json_writes_in_many_ways() -> None:
    """A float in a document must not upset the hashes, nor stop the check with another error."""
    document = {"note": [1.5, 1e25, 12345678901234567000.0, 1.0, -0.0], "{SCID}": "{SCID}"}
    parameters = {"updateKeys": [multikey(0)]}
    log = create("https://id.example.com", document=document, parameters=parameters, signer=KEYS[0], now=at(0))
    log = update(log, signer=KEYS[0], now=at(1))
    assert log.did.scid in log.last.state
    assert check_log(parse_log(log.to_jsonl()), did=log.did, now=NOW).error is None


@given(st.binary(max_size=200))
def test_no_witness_file_upsets_the_reader(data: bytes) -> None:
    try:
        parse_witness_file(data)
    except InvalidLog as error:
        assert error.code == "issuer_key_unresolvable"
