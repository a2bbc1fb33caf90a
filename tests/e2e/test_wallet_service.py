"""The real wallet command against a real `idservice serve` process: receive, present, follow, freeze, in real time.

Both run as processes of their own and share nothing but HTTP and, for the dev clock, the service's data folder.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import segno

from idservice.demo.people import FORM, Bank, Office, Resident
from idservice.demo.stage import Ran, Stage, staged

PERSON = {
    "family_name": "Tamm",
    "given_name": "Maria",
    "birthdate": "1988-05-28",
    "nationalities": ["BR", "EE"],
    "place_of_birth": {"country": "BR", "locality": "Recife"},
    "address": {"country": "EE", "locality": "Tartu", "street_address": "Long 1"},
    "personal_administrative_number": "48805280005",
    "picture": "data:image/png;base64,iVBORw0KGgo=",
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One service for the tests of this module."""
    with staged(tmp_path_factory.mktemp("stage")) as running:
        yield running


class Person(Resident):
    """A resident of the story, who can also answer at the terminal and write files."""

    def answer(self, *args: str, stdin: str) -> Ran:
        """Type a command and answer its questions."""
        secrets = self._private("secrets", self.secrets)
        return self.stage.wallet(self.name, *args, "--secrets-file", str(secrets), stdin=stdin)

    def file(self, name: str) -> Path:
        return self.stage.folder / f"{self.name}-{name}"


def new_person(stage: Stage, name: str) -> Person:
    person = Person(stage, name)
    person.secrets |= {"pin1": "2580", "pin2": "97531", "puk": "86420975"}
    assert person.start().exit_code == 0
    return person


def offer(stage: Stage, kind: str, claims: dict[str, Any], *, tx_code: bool = False) -> dict[str, Any]:
    body = {"credential_configuration_id": kind, "claims": claims, "tx_code": tx_code}
    with stage.staff("registrar") as client:
        answer = client.post("/v1/offers", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def ok(ran: Ran) -> Any:
    assert ran.exit_code == 0, ran.stderr + ran.stdout
    return ran.json


@pytest.fixture(scope="module")
def maria(stage: Stage) -> Person:
    """Maria, with a pid from a direct offer."""
    person = new_person(stage, "maria")
    assert ok(person.type("receive", offer(stage, "pid", PERSON)["offer"], "--from", stage.base_url)) == {
        "received": [{"type": "pid", "copies": 10}]
    }
    return person


def kyc_query(*paths: list[str | None], stage: Stage) -> dict[str, Any]:
    vct = f"{stage.base_url}/vct/pid/1"
    claims = [{"path": path} for path in paths]
    return {"credentials": [{"id": "p", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claims": claims}]}


def test_an_offer_by_page_by_code_and_by_picture(stage: Stage) -> None:
    person = new_person(stage, "ines")
    made = offer(stage, "age-over", {"birthdate": "1988-05-28"}, tx_code=True)
    person.secrets["tx_code"] = made["tx_code"]
    assert ok(person.type("receive", f"{stage.base_url}/offer/{made['handle']}"))["received"][0]["copies"] == 10
    made = offer(stage, "pid", PERSON, tx_code=True)
    person.secrets["tx_code"] = made["tx_code"]
    ok(person.type("receive", made["handle"]))
    picture = person.file("offer.png")
    segno.make_qr(offer(stage, "pid", PERSON)["offer"]).save(str(picture), scale=4)
    ok(person.answer("receive", str(picture), stdin="yes\n"))
    assert len(ok(person.type("list"))["credentials"]) == 3


def test_nested_claims_one_by_one(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    paths: list[list[str | None]] = [["family_name"], ["nationalities", None], ["address", "country"]]
    request = bank.ask("kyc", dcql_query=kyc_query(*paths, stage=stage))
    ran = maria.answer("present", request["request"], stdin="yes\n")
    assert ok(ran)["disclosed"] == paths
    assert request["words"] in ran.stderr, "both screens show the same words"
    assert "Long 1" not in ran.stderr and "Tartu" not in ran.stderr
    result = bank.result(request)
    assert result["verdict"]["verdict"] == "valid", result
    [claims] = result["claims"]["p"]
    assert claims == {"family_name": "Tamm", "nationalities": ["BR", "EE"], "address": {"country": "EE"}}


def test_a_portrait_takes_two_yeses_and_a_refusal_shows_nothing(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    query = kyc_query(["picture"], stage=stage)
    request = bank.ask("any", dcql_query=query)
    ran = maria.answer("present", request["request"], stdin="yes\nno\n")
    assert (ran.exit_code, ran.code) == (3, "access_denied")
    assert bank.result(request)["state"] == "refused"
    request = bank.ask("any", dcql_query=query)
    ok(maria.answer("present", request["request"], stdin="yes\nyes\n"))
    assert bank.result(request)["verdict"]["verdict"] == "valid"


def test_what_nobody_holds_is_refused_in_the_same_way(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    request = bank.ask("login")
    ran = maria.answer("present", request["request"], stdin="yes\n")
    assert (ran.exit_code, ran.code) == (4, "access_denied")
    assert bank.result(request)["state"] == "refused"


def test_same_device_flow_gives_the_way_back(stage: Stage, maria: Person) -> None:
    back = f"{stage.base_url}/bank/back"
    body = {"purpose": "any", "flow": "same_device", "redirect_uri": back}
    with stage.agency() as client:
        answer = client.post(
            "/v1/presentation-requests", json={**body, "dcql_query": kyc_query(["family_name"], stage=stage)}
        )
    assert answer.status_code == 201, answer.text
    request = answer.json()
    said = ok(maria.answer("present", request["request"], stdin="yes\n"))
    assert said["redirect_uri"].startswith(back) and "response_code=" in said["redirect_uri"]
    code = said["redirect_uri"].rpartition("response_code=")[2]
    with stage.agency() as client:
        without = client.get(f"/v1/presentation-requests/{request['id']}").json()
        result = client.get(f"/v1/presentation-requests/{request['id']}", params={"response_code": code}).json()
    assert not without.get("claims")
    assert result["claims"]["p"] == [{"family_name": "Tamm"}]


def test_the_page_and_the_typed_code_lead_to_the_same_request(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    for argument in ("handle", "page"):
        request = bank.ask("any", dcql_query=kyc_query(["family_name"], stage=stage))
        typed = request["handle"] if argument == "handle" else f"{stage.base_url}/r/{request['handle']}"
        said = ok(maria.answer("present", typed, stdin="yes\n"))
        assert said["request"] == request["handle"].replace("-", "")


def test_dry_run_explain_and_doctor_on_live_artefacts(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    request = bank.ask("any", dcql_query=kyc_query(["family_name"], stage=stage))
    said = ok(maria.type("present", request["request"], "--dry-run"))
    assert said["would_disclose"][0]["claims"] == [["family_name"]] and said["registered"]
    for path, kind in (
        ("/v1/trusted-list", "signed list of issuers and agencies"),
        ("/.well-known/openid-credential-issuer", "issuer metadata"),
        ("/.well-known/oauth-authorization-server", "authorization server metadata"),
        ("/vct/pid/1", "type metadata"),
    ):
        file = maria.file("artefact")
        file.write_bytes(httpx2.get(stage.base_url + path).content)
        found = ok(maria.type("explain", str(file)))
        assert found["kind"] == kind and found["code"] is None
    findings = ok(maria.type("doctor"))
    assert findings["failed"] == 0
    shown = ok(maria.type("show", "p1"))
    assert shown["claims"]["family_name"] == "Tamm" and shown["status"]["value"] == 0


def test_a_restored_wallet_is_another_one(stage: Stage, maria: Person) -> None:
    maria.secrets["backup_passphrase"] = "six words for the backup"
    ok(maria.type("backup", str(maria.file("backup"))))
    other = Person(stage, "maria-again")
    other.secrets = {**maria.secrets, "passphrase": "six words for the other"}
    said = ok(other.type("restore", str(maria.file("backup"))))
    assert said["dropped_copies"] > 0
    assert ok(other.type("list"))["credentials"][0]["state"] == "empty"


def test_nothing_personal_or_secret_is_in_the_service_log(stage: Stage, maria: Person) -> None:
    log = stage.log()
    for word in ("Tamm", "48805280005", "Recife", "pre-authorized", "access_token"):
        assert word not in log


def test_e_residency_from_application_to_pseudonym_and_freeze(stage: Stage) -> None:
    person, office, bank = Person(stage, "joao"), Office(stage), Bank(stage)
    assert person.start().exit_code == 0
    form = {**FORM, "family_name": "Silva", "given_name": "João", "document": {**FORM["document"], "number": "ZZ11223"}}
    assert person.apply(form).exit_code == 0
    number = person.application["number"]
    assert ok(person.type("status"))["state"] == "submitted"
    office.post("registrar", f"/v1/cases/{number}/payment", {"receipt": "R-2026-0018"})
    office.post("registrar", f"/v1/cases/{number}/checks", {})
    status, proposal = office.propose("registrar", number, "approve")
    assert status == 201, proposal
    assert office.decide("approver", proposal)[0] == 200
    assert ok(person.type("status"))["state"] == "approved"
    seen = {"identity_checked": True, "document_seen": "passport"}
    _, made = office.post("registrar", f"/v1/cases/{number}/offer", seen)
    ok(person.receive(made["offer"], made["tx_code"]))

    query = {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [f"{stage.base_url}/vct/e-residency/1"]},
                "claims": [{"path": ["pairwise_sub"]}],
            }
        ]
    }
    subs = []
    for _ in range(2):
        request = bank.ask("login", dcql_query=query)
        ok(person.answer("present", request["request"], stdin="yes\n"))
        subs.append(bank.result(request)["claims"]["e"][0]["pairwise_sub"])
    assert subs[0] == subs[1]
    before = ok(person.type("list"))["credentials"][0]["copies"]
    ok(person.type("refresh", "e1"))
    assert ok(person.type("list"))["credentials"][0]["copies"] >= before

    sign = {
        "credentials": [
            {
                "id": "s",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [f"{stage.base_url}/vct/signing/1"]},
                "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}],
            }
        ]
    }
    data = [{"type": "payment", "credential_ids": ["s"], "amount": "12.50", "currency": "EUR"}]
    request = bank.ask("any", dcql_query=sign, transaction_data=data)
    refused = person.answer("present", request["request"], stdin="yes\n")
    assert (refused.exit_code, refused.code) == (5, "policy_not_met"), "PIN2 has to be changed first"
    person.secrets["new_pin2"] = "86129753"
    ok(person.type("pin", "change", "pin2"))
    person.secrets["pin2"] = "86129753"
    ok(person.answer("present", request["request"], stdin="yes\n"))
    assert bank.result(request)["verdict"]["verdict"] == "valid"

    assert ok(person.type("freeze"))["state"] == "suspended"
    request = bank.ask("login", dcql_query=query)
    ran = person.answer("present", request["request"], stdin="yes\n")
    assert (ran.exit_code, ran.code) == (5, "credential_suspended")
    assert [row["outcome"] for row in ok(person.type("history", "--limit", "2"))["events"]] == [
        "not accepted",
        "suspended",
    ]


def test_time_moves_for_service_and_wallet_alike(stage: Stage, maria: Person) -> None:
    bank = Bank(stage)
    stage.advance(timedelta(days=20))
    assert ok(maria.type("list"))["credentials"][0]["state"] == "expired"
    request = bank.ask("any", dcql_query=kyc_query(["family_name"], stage=stage))
    ran = maria.answer("present", request["request"], stdin="yes\n")
    assert (ran.exit_code, ran.code) == (5, "credential_expired")
