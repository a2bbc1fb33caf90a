"""did:webvh as its controller, witnesses and resolvers use it."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from did.document import method_json, parse_document
from did.errors import (
    Deactivated,
    FetchFailed,
    InvalidDid,
    InvalidLog,
    InvalidOptions,
    LogRolledBack,
    NotFound,
)
from did.keys import PrivateKey
from did.methods import DEV_METHODS, METHODS
from did.methods.base import Fetched
from did.methods.webvh import WebvhMethod
from did.resolver import Options, dereference, read_document, read_resource, resolve, resolve_key
from did.signing import LocalSigner
from did.webvh.author import DidLog, approve, create, deactivate, move, placeholder_did, read_log, update
from did.webvh.history import Head
from did.webvh.identifier import key_hash, parse_webvh
from did.webvh.services import (
    parallel_web,
    watcher_log_url,
    watcher_notice_url,
    watcher_resource_url,
    watcher_witness_url,
)
from did.webvh.witness import WitnessFile, parse_witness_file, prune, witness_proof
from tests.unit.did.samples import NOW, Web

KEYS = [LocalSigner(PrivateKey.generate("Ed25519")) for _ in range(6)]
WITNESSES = [LocalSigner(PrivateKey.generate("Ed25519")) for _ in range(3)]
BASE = "https://id.example.com"
LOG_URL = f"{BASE}/dids/7/did.jsonl"
WITNESS_URL = f"{BASE}/dids/7/did-witness.json"


def multikey(at: int) -> str:
    return KEYS[at].public_key.to_multikey()


def at(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes - 1000)


def document(at: int = 0, *path: str) -> dict[str, Any]:
    did = placeholder_did(BASE, *(path or ("dids", "7")))
    return {
        "@context": ["https://www.w3.org/ns/did/v1.1"],
        "verificationMethod": [method_json(f"{did}#k", controller=did, key=KEYS[at].public_key.to_raw_key())],
        "assertionMethod": [f"{did}#k"],
    }


def new(**parameters: Any) -> DidLog:
    return create(
        BASE,
        "dids",
        "7",
        document=document(),
        parameters={"updateKeys": [multikey(0)], **parameters},
        signer=KEYS[0],
        now=at(0),
    )


def web_of(log: DidLog, file: WitnessFile | None = None, pages: Mapping[str, Any] | None = None) -> Web:
    web = Web({LOG_URL: log.to_jsonl(), **(pages or {})})
    if file is not None:
        web.pages[WITNESS_URL] = json.dumps(file.to_json()).encode()
    web.media_type = "text/jsonl"
    return web


def rule(threshold: int, *which: int) -> dict[str, Any]:
    ids = [f"did:key:{WITNESSES[number].public_key.to_multikey()}" for number in which]
    return {"threshold": threshold, "witnesses": [{"id": did} for did in ids]}


def proofs(log: DidLog, number: int, *which: int) -> WitnessFile:
    file = WitnessFile({})
    version_id = log.versions[number - 1].version_id
    for witness in which:
        file = file.with_proof(version_id, witness_proof(version_id, signer=WITNESSES[witness], now=NOW))
    return file


def joined(*files: WitnessFile) -> WitnessFile:
    found: dict[str, tuple[Mapping[str, Any], ...]] = {}
    for file in files:
        for name, items in file.proofs.items():
            found[name] = (*found.get(name, ()), *items)
    return WitnessFile(found)


# --- life of a DID ------------------------------------------------------------------------------


def test_create_and_resolve() -> None:
    log = new(watchers=["https://watcher.example/v1"], ttl=60)
    did = log.did.did
    assert did.startswith("did:webvh:Qm") and did.endswith(":id.example.com:dids:7")
    web = web_of(log)
    result = resolve(did, fetch=web, now=NOW)
    assert web.asked == [LOG_URL]
    assert result.document is not None and result.document.id == did
    created = "2026-11-21T19:20:00Z"
    assert result.document_metadata == {
        "versionId": log.last.version_id,
        "versionTime": created,
        "created": created,
        "updated": created,
        "scid": log.did.scid,
        "portable": False,
        "deactivated": False,
        "ttl": "60",
        "witness": {},
        "watchers": ["https://watcher.example/v1"],
    }
    assert resolve_key(f"{did}#k", relationship="assertionMethod", fetch=web, now=NOW) == KEYS[0].public_key
    assert read_log(log.to_jsonl(), did=did, now=NOW) == log


def test_three_versions_and_how_to_ask_for_them() -> None:
    log = new()
    for number in (1, 2):
        state = {**log.last.state, "alsoKnownAs": [f"https://{number}.example"]}
        log = update(log, signer=KEYS[0], now=at(10 * number), document=state)
    did, web = log.did.did, web_of(log)
    cases: list[tuple[Options, int]] = [
        (Options(), 3),
        (Options(version_number=1), 1),
        (Options(version_number=2), 2),
        (Options(version_id=log.versions[1].version_id), 2),
        (Options(version_time=at(0)), 1),
        (Options(version_time=at(9)), 1),
        (Options(version_time=at(10)), 2),
        (Options(version_time=NOW), 3),
    ]
    for options, number in cases:
        result = resolve(did, fetch=web, now=NOW, options=options)
        assert result.document_metadata["versionId"] == log.versions[number - 1].version_id
        assert result.document_metadata["updated"] == "2026-11-21T19:40:00Z"
        assert result.document_metadata.get("nextVersionId") == (
            log.versions[number].version_id if number < 3 else None
        )
    for url in ("versionNumber=2", f"versionId={log.versions[1].version_id}", "versionTime=2026-11-21T19:30:00Z"):
        assert dereference(f"{did}?{url}", fetch=web, now=NOW).content["alsoKnownAs"] == ["https://1.example"]
    for missing in (Options(version_number=4), Options(version_id="1-Qm"), Options(version_time=at(-1))):
        assert isinstance(resolve(did, fetch=web, now=NOW, options=missing).error, NotFound)


def test_rotation_takes_effect_after_the_entry() -> None:
    log = update(new(), signer=KEYS[0], now=at(1), parameters={"updateKeys": [multikey(1)]})
    with pytest.raises(InvalidLog, match="not authorized"):
        update(log, signer=KEYS[0], now=at(2))
    log = update(log, signer=KEYS[1], now=at(2), parameters={"updateKeys": [multikey(1), multikey(2)]})
    assert update(log, signer=KEYS[2], now=at(3)).last.number == 4
    with pytest.raises(InvalidLog, match="not authorized"):
        update(new(), signer=KEYS[1], now=at(1), parameters={"updateKeys": [multikey(1)]})


def test_pre_rotation_binds_the_next_keys() -> None:
    log = new(nextKeyHashes=[key_hash(multikey(1)), key_hash(multikey(2))])
    good = {"updateKeys": [multikey(1)], "nextKeyHashes": [key_hash(multikey(3))]}
    bad: list[tuple[int, dict[str, Any]]] = [
        (0, {}),
        (0, {"nextKeyHashes": []}),
        (1, {"updateKeys": [multikey(1)]}),
        (0, {"updateKeys": [multikey(0)], "nextKeyHashes": []}),
        (1, {**good, "updateKeys": [multikey(1), multikey(0)]}),
        (1, {**good, "updateKeys": [multikey(4)]}),
        (0, good),
        (4, {**good, "updateKeys": []}),
    ]
    for signer, parameters in bad:
        with pytest.raises(InvalidLog):
            update(log, signer=KEYS[signer], now=at(1), parameters=parameters)
    log = update(log, signer=KEYS[1], now=at(1), parameters=good)
    ended = update(log, signer=KEYS[3], now=at(2), parameters={"updateKeys": [multikey(3)], "nextKeyHashes": []})
    # The entry after that follows the ordinary rule again.
    ended = update(ended, signer=KEYS[3], now=at(3), parameters={"updateKeys": [multikey(5)]})
    assert update(ended, signer=KEYS[5], now=at(4)).last.number == 5


def test_deactivation_ends_the_log() -> None:
    for log, signer in (
        (new(), KEYS[0]),
        (new(nextKeyHashes=[key_hash(multikey(1))]), KEYS[1]),
    ):
        ended = deactivate(log, signer=signer, now=at(5))
        did, web = log.did.did, web_of(ended)
        result = resolve(did, fetch=web, now=NOW)
        assert result.document is None and result.error is None
        assert result.document_metadata["deactivated"] is True
        with pytest.raises(Deactivated):
            resolve_key(f"{did}#k", relationship="assertionMethod", fetch=web, now=NOW)
        earlier = resolve(did, fetch=web, now=NOW, options=Options(version_number=1))
        assert earlier.document is not None and earlier.document_metadata["deactivated"] is True
        assert isinstance(dereference(f"{did}#k", fetch=web, now=NOW).error, Deactivated)
        assert dereference(f"{did}?versionNumber=1#k", fetch=web, now=NOW).error is None
        as_proof = dereference(f"{did}?versionNumber=1#k", fetch=web, now=NOW, relationship="assertionMethod")
        assert isinstance(as_proof.error, Deactivated)
        with pytest.raises(InvalidLog, match="deactivated"):
            update(ended, signer=signer, now=at(6))


def test_a_portable_did_moves_and_keeps_its_name() -> None:
    log = new(portable=True)
    old = log.did.did
    moved = move(log, "https://new.example:8443", "x", signer=KEYS[0], now=at(1))
    did = moved.did.did
    assert did == f"did:webvh:{log.did.scid}:new.example%3A8443:x"
    assert old in moved.last.state["alsoKnownAs"]
    web = Web({"https://new.example:8443/x/did.jsonl": moved.to_jsonl(), LOG_URL: moved.to_jsonl()})
    assert resolve_key(f"{did}#k", relationship="assertionMethod", fetch=web, now=NOW) == KEYS[0].public_key
    by_old = resolve(old, fetch=web, now=NOW)
    assert by_old.document is not None and by_old.document.id == did
    assert by_old.document_metadata["canonicalId"] == did
    again = move(moved, BASE, "dids", "7", signer=KEYS[0], now=at(2))
    assert again.did.did == old and again.last.state["alsoKnownAs"] == [did]


def test_T40_only_a_portable_did_moves() -> None:
    with pytest.raises(InvalidLog, match="not portable"):
        move(new(), "https://new.example", signer=KEYS[0], now=at(1))
    log = update(new(portable=True), signer=KEYS[0], now=at(1), parameters={"portable": False})
    with pytest.raises(InvalidLog, match="not portable"):
        move(log, "https://new.example", signer=KEYS[0], now=at(2))
    with pytest.raises(InvalidLog, match="portable"):
        update(log, signer=KEYS[0], now=at(2), parameters={"portable": True})
    with pytest.raises(InvalidLog, match="not portable"):
        move(new(portable=True), "https://new.example", signer=KEYS[0], now=at(1), parameters={"portable": False})
    portable = new(portable=True)
    state = {**portable.last.state, "id": f"did:webvh:{portable.did.scid}:new.example"}
    wrong: list[dict[str, Any]] = [{}, {"alsoKnownAs": "x"}, {"alsoKnownAs": []}]
    for names in wrong:
        with pytest.raises(InvalidLog, match="alsoKnownAs"):
            update(portable, signer=KEYS[0], now=at(1), document={**state, **names})
    other = {**state, "id": f"did:webvh:{'Q' * 46}:new.example", "alsoKnownAs": [portable.did.did]}
    with pytest.raises(InvalidLog, match="SCID"):
        update(portable, signer=KEYS[0], now=at(1), document=other)


# --- witnesses ----------------------------------------------------------------------------------


def test_witnesses_must_approve() -> None:
    log = new(witness=rule(2, 0, 1, 2))
    did = log.did.did
    for file, good in (
        (proofs(log, 1, 0, 1), True),
        (proofs(log, 1, 0, 1, 2), True),
        (proofs(log, 1, 0), False),
        (proofs(log, 1, 0, 0, 0), False),
        (WitnessFile({}), False),
        (None, False),
    ):
        result = resolve(did, fetch=web_of(log, file), now=NOW)
        assert (result.document is not None) is good
        assert good or isinstance(result.error, InvalidLog)
    metadata = resolve(did, fetch=web_of(log, proofs(log, 1, 0, 1)), now=NOW).document_metadata
    assert metadata["witness"] == {**rule(2, 0, 1, 2), "threshold": "2"}


def test_a_later_approval_covers_what_came_before() -> None:
    log = new(witness=rule(1, 0))
    log = update(log, signer=KEYS[0], now=at(1))
    log = update(log, signer=KEYS[0], now=at(2))
    did = log.did.did
    assert resolve(did, fetch=web_of(log, proofs(log, 3, 0)), now=NOW).error is None
    early = web_of(log, proofs(log, 2, 0))
    assert isinstance(resolve(did, fetch=early, now=NOW).error, InvalidLog)
    for number in (1, 2):
        assert resolve(did, fetch=early, now=NOW, options=Options(version_number=number)).document is not None
    assert isinstance(resolve(did, fetch=early, now=NOW, options=Options(version_number=3)).error, InvalidLog)


def test_a_new_list_is_active_after_its_entry() -> None:
    first = new(witness=rule(2, 0, 1))
    log = update(first, signer=KEYS[0], now=at(1), parameters={"witness": rule(1, 2)})
    log = update(log, signer=KEYS[0], now=at(2), parameters={"witness": {}})
    log = update(log, signer=KEYS[0], now=at(3))
    did = log.did.did
    assert [version.witness and version.witness.threshold for version in log.versions] == [2, 2, 1, None]
    good = joined(proofs(log, 2, 0, 1), proofs(log, 3, 2))
    assert resolve(did, fetch=web_of(log, good), now=NOW).error is None
    for bad in (
        joined(proofs(log, 1, 0, 1), proofs(log, 3, 2)),
        joined(proofs(log, 2, 0, 2), proofs(log, 3, 2)),
        proofs(log, 2, 0, 1),
        proofs(log, 4, 2),
    ):
        assert isinstance(resolve(did, fetch=web_of(log, bad), now=NOW).error, InvalidLog)


def test_witnesses_that_join_later_are_active_at_once() -> None:
    log = update(new(), signer=KEYS[0], now=at(1), parameters={"witness": rule(1, 0)})
    did = log.did.did
    assert isinstance(resolve(did, fetch=web_of(log), now=NOW).error, InvalidLog)
    assert resolve(did, fetch=web_of(log, proofs(log, 2, 0)), now=NOW).error is None


def test_T40_proofs_that_do_not_count() -> None:
    log = new(witness=rule(1, 0))
    version_id, did = log.last.version_id, log.did.did
    good = witness_proof(version_id, signer=WITNESSES[0], now=NOW)
    stranger = witness_proof(version_id, signer=WITNESSES[1], now=NOW)
    other = witness_proof("1-QmOther", signer=WITNESSES[0], now=NOW)
    method = good["verificationMethod"].partition("#")
    bad: list[tuple[str, Any]] = [
        (version_id, stranger),
        (version_id, other),
        (version_id, {**stranger, "verificationMethod": good["verificationMethod"]}),
        (version_id, {**good, "verificationMethod": f"{method[0]}#{stranger['verificationMethod'][8:]}"}),
        (version_id, {**good, "verificationMethod": method[0]}),
        (version_id, {**good, "verificationMethod": None}),
        (version_id, {**good, "proofPurpose": "authentication"}),
        (version_id, {**good, "cryptosuite": "eddsa-rdfc-2022"}),
        (version_id, {**good, "created": "2020-01-01T00:00:00Z"}),
        (version_id, {**good, "proofValue": "z1"}),
        (version_id, {}),
        ("1-QmOther", other),
        ("2-QmLater", witness_proof("2-QmLater", signer=WITNESSES[0], now=NOW)),
    ]
    for name, proof in bad:
        file = WitnessFile({name: (proof,)})
        assert isinstance(resolve(did, fetch=web_of(log, file), now=NOW).error, InvalidLog)
        both = WitnessFile({version_id: (proof, good)})
        assert resolve(did, fetch=web_of(log, both), now=NOW).error is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[1]",
        b'[{"versionId":1,"proof":[]}]',
        b'[{"versionId":"x"}]',
        b'[{"versionId":"x","proof":{}}]',
        b"[[",
    ],
)
def test_T40_a_broken_witness_file_is_no_approval(body: bytes) -> None:
    log = new(witness=rule(1, 0))
    web = web_of(log)
    web.pages[WITNESS_URL] = body
    assert isinstance(resolve(log.did.did, fetch=web, now=NOW).error, InvalidLog)


def test_a_silent_witness_source_leaves_it_open() -> None:
    log = new(witness=rule(1, 0))
    web = web_of(log)
    web.pages[WITNESS_URL] = None
    with pytest.raises(FetchFailed):
        read_document(log.did.did, fetch=web, now=NOW)


def test_witness_files_are_pruned() -> None:
    log = update(new(witness=rule(1, 0, 1)), signer=KEYS[0], now=at(1))
    unpublished = witness_proof("3-QmNext", signer=WITNESSES[0], now=NOW)
    bad = {**unpublished, "created": "2020-01-01T00:00:00Z"}
    file = joined(
        proofs(log, 1, 0, 1), proofs(log, 2, 0, 0), WitnessFile({"3-QmNext": (unpublished, bad), "4-Qm": (bad,)})
    )
    pruned = prune(log.versions, file)
    assert {name[:1]: len(items) for name, items in pruned.proofs.items()} == {"1": 1, "2": 1, "3": 1}
    assert parse_witness_file(json.dumps(pruned.to_json()).encode()) == pruned
    assert resolve(log.did.did, fetch=web_of(log, pruned), now=NOW).error is None


def test_a_witness_approves_only_the_next_entry_of_its_own_copy() -> None:
    log = new(witness=rule(1, 0))
    proof = approve(log, published=b"", signer=WITNESSES[0], now=NOW)
    file = WitnessFile({log.last.version_id: (proof,)})
    assert resolve(log.did.did, fetch=web_of(log, file), now=NOW).error is None
    longer = update(log, signer=KEYS[0], now=at(1))
    assert approve(longer, published=log.to_jsonl(), signer=WITNESSES[0], now=NOW)
    other = update(log, signer=KEYS[0], now=at(2), parameters={"ttl": 5})
    for bad, published in (
        (longer, b""),
        (longer, longer.to_jsonl()),
        (update(other, signer=KEYS[0], now=at(3)), longer.to_jsonl()),
    ):
        with pytest.raises(InvalidLog):
            approve(bad, published=published, signer=WITNESSES[0], now=NOW)
    with pytest.raises(InvalidOptions):
        approve(longer, published=log.to_jsonl(), signer=WITNESSES[1], now=NOW)
    with pytest.raises(InvalidOptions):
        approve(new(), published=b"", signer=WITNESSES[0], now=NOW)
    with pytest.raises(InvalidLog):
        approve(longer, published=log.to_jsonl(), signer=WITNESSES[0], now=at(-100))


# --- sources, memory, services ------------------------------------------------------------------


class Memory:
    """Heads in a dict."""

    def __init__(self) -> None:
        self.heads: dict[str, Head] = {}

    def get(self, scid: str) -> Head | None:
        return self.heads.get(scid)

    def put(self, head: Head) -> None:
        self.heads[head.scid] = head


def test_T40_a_log_shorter_than_the_one_seen_before_is_refused() -> None:
    memory = Memory()
    methods = {**METHODS, "webvh": WebvhMethod(heads=memory)}
    short = new()
    long = update(short, signer=KEYS[0], now=at(1))
    fork = update(short, signer=KEYS[0], now=at(2), parameters={"ttl": 1})
    did = short.did.did

    def error(log: DidLog, **options: Any) -> object:
        return resolve(did, fetch=web_of(log), now=NOW, methods=methods, options=Options(**options)).error

    assert error(short) is None and memory.get(short.did.scid) == Head(short.did.scid, 1, short.last.version_id)
    assert error(long) is None and error(long) is None
    for bad in (short, fork, update(fork, signer=KEYS[0], now=at(3))):
        assert isinstance(error(bad), LogRolledBack)
        assert isinstance(error(bad, version_number=1), LogRolledBack)
        assert memory.heads[short.did.scid].version_id == long.last.version_id
    assert error(update(long, signer=KEYS[0], now=at(4))) is None
    assert memory.heads[short.did.scid].number == 3
    assert resolve(did, fetch=web_of(short), now=NOW).error is None  # without memory nobody can tell


def test_T40_a_log_with_a_bad_end_is_not_remembered() -> None:
    memory = Memory()
    methods = {**METHODS, "webvh": WebvhMethod(heads=memory)}
    good = update(new(), signer=KEYS[0], now=at(1))
    web = Web({LOG_URL: good.to_jsonl() + b"{}\n"})
    did = good.did.did
    assert isinstance(resolve(did, fetch=web, now=NOW, methods=methods).error, InvalidLog)
    assert not memory.heads
    earlier = resolve(did, fetch=web, now=NOW, methods=methods, options=Options(version_number=2))
    assert earlier.document is not None and not memory.heads
    by_time = resolve(did, fetch=web, now=NOW, options=Options(version_time=at(0)))
    assert by_time.document is not None
    assert isinstance(resolve(did, fetch=web, now=NOW, options=Options(version_time=NOW)).error, InvalidLog)
    assert isinstance(resolve(did, fetch=web, now=NOW, options=Options(version_number=3)).error, InvalidLog)
    memory.put(Head(good.did.scid, 3, "3-Qm"))
    refused = resolve(did, fetch=web, now=NOW, methods=methods, options=Options(version_number=1)).error
    assert isinstance(refused, InvalidLog) and not isinstance(refused, LogRolledBack)


def test_sources_that_do_not_answer() -> None:
    log = new()
    did = log.did.did
    for page, kind in ((404, NotFound), (410, NotFound), (500, FetchFailed), (None, FetchFailed)):
        with pytest.raises(kind):
            read_document(did, fetch=Web({LOG_URL: page}), now=NOW)
    with pytest.raises(FetchFailed):
        read_document(did, fetch=None, now=NOW)
    as_page = Fetched(200, "text/html; charset=utf-8", log.to_jsonl())
    with pytest.raises(InvalidLog):
        read_document(did, fetch=Web({LOG_URL: as_page}), now=NOW)


def test_watchers_are_asked_when_the_source_has_no_log() -> None:
    log = new(witness=rule(1, 0))
    did, scid, watcher = log.did.did, log.did.scid, "https://watcher.example/v1/"
    methods = {"webvh": WebvhMethod(watchers=("https://silent.example", watcher))}
    file = json.dumps(proofs(log, 1, 0).to_json()).encode()
    web = Web(
        {
            LOG_URL: 404,
            watcher_log_url("https://silent.example", scid): None,
            watcher_log_url(watcher, scid): log.to_jsonl(),
            watcher_witness_url(watcher, scid): file,
        }
    )
    assert resolve(did, fetch=web, now=NOW, methods=methods).error is None
    assert web.asked[0] == LOG_URL and len(web.asked) == 4
    assert isinstance(resolve(did, fetch=Web({}), now=NOW, methods=methods).error, NotFound)
    assert watcher_log_url(watcher, scid) == f"https://watcher.example/v1/log?scid={scid}"
    assert watcher_notice_url(watcher, did).endswith(f"/log?did={did.replace(':', '%3A')}")
    assert watcher_resource_url(watcher, scid, "/whois.vp").endswith(f"/resource?scid={scid}&path=%2Fwhois.vp")


def test_files_and_whois_of_a_did() -> None:
    log = new()
    did = log.did.did
    web = web_of(log, pages={f"{BASE}/dids/7/whois.vp": b"vp", f"{BASE}/dids/7/a/b.json": b"{}"})
    assert dereference(f"{did}/whois", fetch=web, now=NOW).content == f"{BASE}/dids/7/whois.vp"
    assert read_resource(f"{did}/whois", fetch=web, now=NOW).body == b"vp"
    assert read_resource(f"{did}/a/b.json", fetch=web, now=NOW).body == b"{}"
    assert read_resource(f"{did}?service=files&relativeRef=/a/b.json", fetch=web, now=NOW).body == b"{}"
    for url, kind in ((f"{did}/none", NotFound), (did, InvalidDid), (f"{did}#k", InvalidDid)):
        with pytest.raises(kind):
            read_resource(url, fetch=web, now=NOW)
    web.pages[f"{BASE}/dids/7/whois.vp"] = 500
    with pytest.raises(FetchFailed):
        read_resource(f"{did}/whois", fetch=web, now=NOW)
    services = [
        {"id": "#files", "type": "relativeRef", "serviceEndpoint": "https://cdn.example/x/"},
        {"id": f"{did}#whois", "type": "x", "serviceEndpoint": "ipfs://whois"},
    ]
    own = update(log, signer=KEYS[0], now=at(1), document={**log.last.state, "service": services})
    web = web_of(own, pages={"https://cdn.example/x/a": b"!"})
    assert read_resource(f"{did}/a", fetch=web, now=NOW).body == b"!"
    with pytest.raises(InvalidDid):
        read_resource(f"{did}/whois", fetch=web, now=NOW)


def test_places_of_logs() -> None:
    scid = "Q" * 46
    for rest, log_url, files in (
        ("example.com", "https://example.com/.well-known/did.jsonl", "https://example.com/"),
        ("example.com%3A3000", "https://example.com:3000/.well-known/did.jsonl", "https://example.com:3000/"),
        ("example.com:dids:issuer", "https://example.com/dids/issuer/did.jsonl", "https://example.com/dids/issuer/"),
        (
            "jp%E7%B4%8D%E8%B1%86.%E4%BE%8B.jp:%E7%94%A8%E6%88%B7",
            "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8%E6%88%B7/did.jsonl",
            "https://xn--jp-cd2fp15c.xn--fsq.jp/%E7%94%A8%E6%88%B7/",
        ),
    ):
        did = parse_webvh(f"did:webvh:{scid}:{rest}")
        assert (did.log_url, did.files_url, did.web_did) == (log_url, files, f"did:web:{rest}")
        assert did.witness_url == log_url.replace("did.jsonl", "did-witness.json")


@pytest.mark.parametrize(
    "did",
    [
        "did:webvh:example.com",
        "did:webvh:" + "Q" * 45 + ":example.com",
        "did:webvh:" + "Q" * 47 + ":example.com",
        "did:webvh:" + "0" * 46 + ":example.com",
        "did:webvh:{SCID}:example.com",
        "did:webvh:" + "Q" * 46,
        "did:webvh:" + "Q" * 46 + ":",
        "did:webvh:" + "Q" * 46 + "::x",
        "did:webvh:" + "Q" * 46 + ":localhost%3A8000",
        "did:webvh:" + "Q" * 46 + ":10.0.0.1",
        "did:webvh:" + "Q" * 46 + ":example.com:..",
        "did:webvh:" + "Q" * 46 + ":example.com:a%2Fb",
        "did:web:example.com",
    ],
)
def test_T39_identifiers_that_lead_nowhere(did: str) -> None:
    with pytest.raises(InvalidDid):
        parse_webvh(did)


def test_dev_mode_logs_on_loopback() -> None:
    base = "http://localhost:8000"
    did = placeholder_did(base)
    with pytest.raises(InvalidLog):
        create(base, document={}, parameters={"updateKeys": [multikey(0)]}, signer=KEYS[0], now=at(0))
    log = create(
        base,
        document={"controller": did},
        parameters={"updateKeys": [multikey(0)]},
        signer=KEYS[0],
        now=at(0),
        allow_http_loopback=True,
    )
    web = Web({f"{base}/.well-known/did.jsonl": log.to_jsonl()})
    assert resolve(log.did.did, fetch=web, now=NOW, methods=DEV_METHODS).error is None
    assert isinstance(resolve(log.did.did, fetch=web, now=NOW).error, InvalidDid)
    assert read_log(log.to_jsonl(), did=log.did.did, now=NOW, allow_http_loopback=True) == log


def test_the_parallel_did_web() -> None:
    log = new()
    state = {**log.last.state, "alsoKnownAs": [log.did.web_did, "https://x.example", log.did.did]}
    web = parallel_web(state, log.did)
    assert web["id"] == log.did.web_did == "did:web:id.example.com:dids:7"
    assert web["alsoKnownAs"] == ["https://x.example", log.did.did]
    document = parse_document(web, did=log.did.web_did)
    assert document.method("#k", relationship="assertionMethod").public_key() == KEYS[0].public_key
    assert document.service("files").endpoint == f"{BASE}/dids/7/"
    assert document.service("whois").endpoint == f"{BASE}/dids/7/whois.vp"
    plain = parallel_web(log.last.state, log.did)
    assert plain["alsoKnownAs"] == [log.did.did]
    pages = {f"{BASE}/dids/7/did.json": plain}
    assert resolve(log.did.web_did, fetch=Web(pages), now=NOW).error is None


@pytest.mark.parametrize(
    "parameters",
    [
        {"updateKeys": []},
        {"updateKeys": [multikey(1)]},
        {"updateKeys": "z6Mk"},
        {"updateKeys": [multikey(0), multikey(0)]},
        {"updateKeys": [multikey(0), "z6Mk"]},
        {"updateKeys": [multikey(0), 1]},
        {"updateKeys": None},
        {"scid": "x"},
        {"scid": 46},
        {"method": "did:webvh:0.5"},
        {"method": "did:webvh:1.1"},
        {"method": None},
        {"unknown": 1},
        {"prerotation": True},
        {"portable": 1},
        {"deactivated": "no"},
        {"ttl": -1},
        {"ttl": 2**31 + 1},
        {"ttl": 1.5},
        {"ttl": True},
        {"ttl": "60"},
        {"watchers": ["not a url"]},
        {"watchers": [""]},
        {"watchers": {}},
        {"nextKeyHashes": "x"},
        {"nextKeyHashes": [1]},
        {"witness": []},
        {"witness": {"threshold": 1}},
        {"witness": {"threshold": 1, "witnesses": []}},
        {"witness": {"threshold": 1, "witnesses": {}}},
        {"witness": {**rule(1, 0), "threshold": 0}},
        {"witness": {**rule(1, 0), "threshold": 2}},
        {"witness": {**rule(1, 0), "threshold": True}},
        {"witness": {**rule(1, 0), "threshold": 1.0}},
        {"witness": {**rule(1, 0), "extra": 1}},
        {"witness": rule(1, 0, 0)},
        {"witness": {"threshold": 1, "witnesses": [{**rule(1, 0)["witnesses"][0], "weight": 1}]}},
        {"witness": {"threshold": 1, "witnesses": [{"id": WITNESSES[0].public_key.to_multikey()}]}},
        {"witness": {"threshold": 1, "witnesses": [{"id": "did:web:example.com"}]}},
        {"witness": {"threshold": 1, "witnesses": [{"id": 5}]}},
        {"witness": {"threshold": 1, "witnesses": ["x"]}},
        {
            "witness": {
                "threshold": 1,
                "witnesses": [{"id": f"did:key:{PrivateKey.generate('ES256').public_key.to_multikey()}"}],
            }
        },
    ],
    # Keys are drawn anew in each process, and names of tests have to be the same in all of them.
    ids=lambda value: "-".join(value),
)
def test_T40_parameters_that_are_not_allowed(parameters: dict[str, Any]) -> None:
    with pytest.raises(InvalidLog):
        new(**parameters)


def test_null_parameters_stand_for_the_default() -> None:
    log = new(witness=None, watchers=None, ttl=None, nextKeyHashes=None)
    assert (log.last.parameters.witness, log.last.parameters.ttl) == (None, 3600)


def test_T40_an_author_cannot_write_what_a_resolver_would_refuse() -> None:
    log = new()
    for moment in (at(0), at(-5)):
        with pytest.raises(InvalidLog, match="later"):
            update(log, signer=KEYS[0], now=moment)
    for parameters in ({"scid": log.did.scid}, {"method": "did:webvh:0.9"}, {"method": None}):
        with pytest.raises(InvalidLog):
            update(log, signer=KEYS[0], now=at(1), parameters=parameters)
    with pytest.raises(InvalidLog):
        update(log, signer=KEYS[0], now=at(1), document={**log.last.state, "id": "did:web:id.example.com"})
    assert update(log, signer=KEYS[0], now=at(1), parameters={"method": "did:webvh:1.0"}).last.number == 2
    with pytest.raises(InvalidLog, match="later"):
        deactivate(new(nextKeyHashes=[key_hash(multikey(1))]), signer=KEYS[1], now=at(0) + timedelta(seconds=1))
