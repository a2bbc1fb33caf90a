"""What the registry shows the world: types, DIDs, the signed list, and its answers by HTTP."""

import gzip
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from credentials.errors import StatusUnavailable
from credentials.signed_list import TrustedList, check_trusted_list, fingerprint
from credentials.x509 import fingerprint as certificate_fingerprint
from credentials.x509 import x5c_decode
from did.document import parse_document
from did.errors import FetchFailed
from did.methods import DEV_METHODS
from did.methods.base import Fetched
from did.resolver import resolve
from idservice import access
from idservice.catalogue import TypeCatalogue
from idservice.database import reading, transaction
from idservice.opening import open_service
from idservice.problems import Refused
from idservice.purposefile import PurposeEntry
from idservice.registry import personal_code, publication, status, trust, trusted_list
from idservice.registry.jobs import jobs
from idservice.registry.rows import personal_codes, type_metadata
from idservice.service import Service
from idservice.settings import Options
from tests.factories import BASE_URL, NOW, FixedClock
from tests.unit.idservice.test_catalogue import type_file

DID = "did:web:localhost%3A8000"


# --- types ----------------------------------------------------------------------------------------------


def reopened(service: Service, clock: FixedClock) -> TypeCatalogue:
    """The types of the same service after a start."""
    options = Options.model_validate({"database_url": service.settings.database})
    again = open_service(service.settings.data, options=options, clock=clock)
    again.engine.dispose()
    return again.types


def own_types(service: Service) -> Path:
    folder = service.settings.data / "types"
    folder.mkdir(exist_ok=True)
    return folder


def test_type_metadata_is_served_byte_for_byte(service: Service, client: TestClient) -> None:
    for kind in service.types:
        answer = client.get(kind.vct.removeprefix(BASE_URL))
        assert answer.content == kind.metadata
        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["access-control-allow-origin"] == "*"
    assert client.get("/vct/pid/2").status_code == 404
    assert client.get("/vct/passport/1").json()["code"] == "not_found"


def test_T20_published_bytes_stay_when_words_change(service: Service, clock: FixedClock) -> None:
    folder = type_file(own_types(service))
    first = reopened(service, clock).get("library-card")
    file = folder / "library-card.json"
    file.write_text(file.read_text().replace("Library card", "Reader card"))
    second = reopened(service, clock).get("library-card")
    assert second.metadata == first.metadata
    assert second.integrity == first.integrity


def test_T20_rules_that_change_want_a_new_version(service: Service, clock: FixedClock) -> None:
    folder = type_file(own_types(service))
    reopened(service, clock)
    file = folder / "library-card.json"
    text = file.read_text()
    file.write_text(text.replace('"mandatory": true', '"mandatory": false'))
    with pytest.raises(Refused, match="differ from those published") as refused:
        reopened(service, clock)
    assert "version" in refused.value.hint
    file.write_text(text.replace('"mandatory": true', '"mandatory": false').replace('"version": 1', '"version": 2'))
    assert reopened(service, clock).get("library-card").vct == f"{BASE_URL}/vct/library-card/2"
    with reading(service.engine) as db:
        held = set(db.execute(select(type_metadata.c.vct)).scalars())
    assert {f"{BASE_URL}/vct/library-card/1", f"{BASE_URL}/vct/library-card/2"} <= held


# --- DIDs and keys ----------------------------------------------------------------------------------------


def test_the_services_did_document(service: Service, client: TestClient) -> None:
    answer = client.get("/.well-known/did.json")
    assert answer.headers["content-type"] == "application/did+json"
    document = parse_document(answer.json(), did=DID)
    assert service.did == DID
    for purpose in ("credentials", "status", "metadata", "list"):
        method = document.method(f"{DID}#{purpose}", relationship="assertionMethod")
        assert method.public_key() == service.keys.signer(purpose).public_key
    assert "tokens" not in json.dumps(answer.json())


def test_an_agencys_did_document_holds_its_request_keys(service: Service, client: TestClient) -> None:
    did = service.agency_did("bank")
    document = parse_document(client.get("/dids/agencies/bank/did.json").json(), did=did)
    method = document.method(service.keys.agency_kid("bank"), relationship="authentication")
    assert method.public_key() == service.keys.agency_signer("bank").public_key
    assert client.get("/dids/agencies/nobody/did.json").status_code == 404


def test_own_dids_resolve_without_the_network(service: Service) -> None:
    for did in (service.did, service.agency_did("bank")):
        found = resolve(did, fetch=service.fetch, now=NOW, methods=DEV_METHODS)
        assert found.document is not None
        assert found.document.id == did


def test_jwt_vc_issuer_metadata(service: Service, client: TestClient) -> None:
    body = client.get("/.well-known/jwt-vc-issuer").json()
    key = service.keys.signer("credentials").public_key
    assert body["issuer"] == BASE_URL
    (jwk,) = body["jwks"]["keys"]
    assert jwk == {**key.to_jwk(), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}


# --- the signed list ----------------------------------------------------------------------------------------


def checked(service: Service, token: str, *, sequence: int = 0) -> TrustedList:
    pinned = fingerprint(service.keys.signer("list").public_key)
    return check_trusted_list(token, publisher=BASE_URL, pinned=pinned, sequence=sequence, now=service.clock.now())


def test_the_signed_list_names_issuer_and_agencies(service: Service, client: TestClient) -> None:
    answer = client.get("/v1/trusted-list")
    assert answer.headers["content-type"] == "application/trusted-list+jwt"
    listed = checked(service, answer.text)
    assert listed.expires_at - listed.issued_at == timedelta(hours=24)
    assert listed.next_key == fingerprint(service.keys.signer("list-next").public_key)
    (issuer,) = listed.issuers
    assert issuer.types == {kind.vct for kind in service.types}
    assert issuer.anchors == (service.keys.roots()["service"],)
    leaf = x5c_decode(service.keys.agency_x5c("bank"))[0]
    bank = listed.find_agency(certificate=certificate_fingerprint(leaf))
    assert bank is not None
    assert bank == listed.find_agency(did=service.agency_did("bank"))
    assert bank.origins == (BASE_URL,)
    assert {purpose.id for purpose in bank.purposes} == {"login", "kyc", "any"}
    assert {purpose.id: purpose.retention for purpose in bank.purposes}["kyc"] == "P5Y"


def test_the_sequence_grows_with_content_only(service: Service, clock: FixedClock) -> None:
    first = checked(service, trusted_list.token(service))
    assert trusted_list.token(service) == trusted_list.token(service)
    clock.advance(timedelta(hours=2))
    again = checked(service, trusted_list.token(service), sequence=first.sequence)
    assert again.sequence == first.sequence
    assert again.issued_at == clock.now()
    entries = [PurposeEntry(name="p", description={"en": "x"}, retention="P1D")]
    with transaction(service.engine) as db:
        access.add_agency(db, service, agency_id="new", names={"en": "New"}, purposes=entries, token="t")
    service.keys.add_agency("new", name="New", did=service.agency_did("new"))
    grown = checked(service, trusted_list.token(service), sequence=again.sequence)
    assert grown.sequence == first.sequence + 1
    assert {agency.id for agency in grown.agencies} == {"bank", "new"}


def test_an_agencys_next_certificate_is_listed_before_it_signs(service: Service, clock: FixedClock) -> None:
    clock.advance(timedelta(days=330))
    before = checked(service, trusted_list.token(service))
    {job.name: job for job in jobs(service)}["registry.certificates"].run(service)
    after = checked(service, trusted_list.token(service))
    assert len(before.agencies[0].certificates) == 1
    assert len(after.agencies[0].certificates) == 2
    leaf = x5c_decode(service.keys.agency_x5c("bank"))[0]
    assert certificate_fingerprint(leaf) in after.agencies[0].certificates


# --- status lists by HTTP -------------------------------------------------------------------------------------


@pytest.fixture
def list_path(service: Service) -> str:
    with transaction(service.engine) as db:
        (entry,) = status.allocate(db, service, 1, until=NOW + timedelta(days=14))
    return entry.uri.removeprefix(BASE_URL)


@pytest.mark.parametrize("accept", ["application/statuslist+jwt", "*/*", "application/*", "text/html, */*;q=0.1"])
def test_a_status_list_is_served_by_accept(client: TestClient, list_path: str, accept: str) -> None:
    answer = client.get(list_path, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=5"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.text.count(".") == 2


def test_other_forms_of_a_status_list_are_not_acceptable(client: TestClient, list_path: str) -> None:
    answer = client.get(list_path, headers={"Accept": "application/statuslist+cwt"})
    assert (answer.status_code, answer.json()["code"]) == (406, "media_type_unsupported")


def test_a_status_list_has_an_etag_and_may_be_compressed(client: TestClient, list_path: str) -> None:
    plain = client.get(list_path, headers={"Accept-Encoding": "identity"})
    again = client.get(list_path, headers={"If-None-Match": plain.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(list_path, headers={"If-None-Match": '"old"'}).status_code == 200
    packed = client.get(list_path, headers={"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.text == plain.text
    assert len(gzip.compress(plain.content)) < len(plain.content)


def test_T64_a_list_is_read_whole_and_names_no_credential(client: TestClient, list_path: str) -> None:
    assert client.get(list_path + "?idx=1").content == client.get(list_path).content
    assert client.get(list_path + "/1").status_code == 404
    assert client.get("/status-lists/unknown").status_code == 404


# --- trust and status for our own verifier -------------------------------------------------------------------


def test_the_policy_trusts_this_service_for_its_own_types(service: Service) -> None:
    with reading(service.engine) as db:
        made = trust.policy(service, db)
    vct = service.types.get("pid").vct
    assert [issuer.id for issuer in made.issuers_for(vct)] == [BASE_URL]
    assert made.issuers_for("https://elsewhere.example/vct/pid/1") == ()
    assert made.metadata[vct] == service.types.get("pid").metadata


def test_own_lists_come_from_the_rows(service: Service, list_path: str) -> None:
    fetched = trust.status_source(service).get(BASE_URL + list_path, now=NOW)
    found = publication.published(service, list_path.rpartition("/")[2])
    assert found is not None
    assert (fetched.token, fetched.fetched_at) == (found.token, NOW)
    with pytest.raises(StatusUnavailable):
        trust.status_source(service).get(f"{BASE_URL}/status-lists/none", now=NOW)


def test_T37_other_lists_are_fetched_kept_for_their_ttl_and_used_while_fresh(
    service: Service, list_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = publication.published(service, list_path.rpartition("/")[2])
    assert found is not None
    answers: list[Fetched | None] = [
        Fetched(200, "application/statuslist+jwt", found.token.encode()),
        None,
        Fetched(404, "", b""),
    ]
    asked: list[str] = []

    def fetch(url: str, **_: object) -> Fetched:
        asked.append(url)
        answer = answers[min(len(asked) - 1, 2)]
        if answer is None:
            raise FetchFailed("away")
        return answer

    monkeypatch.setattr(type(service.outbound), "__call__", lambda _self, url, **options: fetch(url, **options))
    source, uri = trust.status_source(service), f"https://other.example{list_path}"
    first = source.get(uri, now=NOW)
    assert source.get(uri, now=NOW + timedelta(seconds=4)) == first
    assert len(asked) == 1
    later = NOW + timedelta(seconds=8)
    assert source.get(uri, now=later) == first  # away: the old copy, with the time it was fetched
    assert source.get(uri, now=later) == first  # gone: the same
    with pytest.raises(StatusUnavailable):
        source.get("https://other.example/unknown", now=NOW)


# --- our own address -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/did.json",
        "/.well-known/jwt-vc-issuer",
        "/vct/pid/1",
        "/v1/trusted-list",
        "/dids/agencies/bank/did.json",
    ],
)
def test_what_is_ours_is_answered_from_the_rows_as_by_http(service: Service, client: TestClient, path: str) -> None:
    fetched = service.fetch(BASE_URL + path, accept="application/json", max_bytes=1 << 20)
    answer = client.get(path)
    assert (fetched.status, fetched.body) == (200, answer.content)
    assert fetched.content_type == answer.headers["content-type"]


@pytest.mark.parametrize(
    "path", ["/v1/cases", "/vct/pid/2", "/dids/agencies/nobody/did.json", "/healthz", "/vct/pid/1?x"]
)
def test_nothing_else_is(service: Service, path: str) -> None:
    assert service.fetch(BASE_URL + path, accept="application/json", max_bytes=1 << 20).status == 404


# --- personal codes ---------------------------------------------------------------------------------------------


def test_personal_codes_are_given_out_once(service: Service) -> None:
    born = NOW.date().replace(year=1968)
    with transaction(service.engine) as db:
        codes = {personal_code.generate(db, service, born=born, sex="male") for _ in range(40)}
    assert len(codes) == 40
    assert {code[:7] for code in codes} == {f"3{born:%y%m%d}"}
    assert all(personal_code.birthdate(code) == born for code in codes)
    with reading(service.engine) as db:
        stored = str(db.execute(select(personal_codes)).all())
    assert not any(code in stored for code in codes)


def test_a_day_may_run_out_of_codes(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(personal_code, "_SERIALS", 2)
    with transaction(service.engine) as db:
        for _ in range(2):
            personal_code.generate(db, service, born=NOW.date(), sex="female")
        with pytest.raises(Refused) as refused:
            personal_code.generate(db, service, born=NOW.date(), sex="female")
    assert refused.value.code == "conflict"


# --- health and upkeep --------------------------------------------------------------------------------------------


def test_health_needs_nothing_and_readiness_needs_keys_and_database(service: Service, client: TestClient) -> None:
    assert client.get("/readyz").json() == {"status": "ready"}
    shutil.move(service.settings.data / "keys" / "list.key", service.settings.data / "keys" / "moved")
    service.keys._signers.clear()
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200


def test_T88_readiness_ends_when_time_steps_back(client: TestClient, service: Service, clock: FixedClock) -> None:
    service.keys.signer("list").sign(b"x")
    clock.advance(timedelta(minutes=-2))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_every_job_can_be_repeated(service: Service, clock: FixedClock) -> None:
    for _ in range(3):
        for job in jobs(service):
            job.run(service)
        clock.advance(timedelta(hours=7))


def test_an_agency_that_was_ended_is_gone_everywhere(service: Service, client: TestClient) -> None:
    with transaction(service.engine) as db:
        db.execute(update(access.agencies).values(active=False))
    assert client.get("/dids/agencies/bank/did.json").status_code == 404
    assert checked(service, client.get("/v1/trusted-list").text).agencies == ()
