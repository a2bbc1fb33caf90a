"""S03: log in with five claims - and every login that has to be refused."""

from datetime import timedelta

from idservice.demo.people import Bank, Resident
from idservice.demo.stage import Stage
from idservice.demo.story import LOGIN_CLAIMS, consent_to_login
from tests.scenarios.play import refusal


def test_S03_five_claims_and_nothing_else(resident: Resident, bank: Bank) -> None:
    request = bank.ask()
    ran = resident.present(request["request"], consent_to_login(bank))
    assert ran.exit_code == 0, ran.stderr
    result = bank.result(request)
    assert result["verdict"]["verdict"] == "valid"
    [claims] = next(iter(result["claims"].values()))
    assert sorted(claims) == sorted(LOGIN_CLAIMS)
    assert refusal(resident.present(request["request"], consent_to_login(bank)))[0] == 1


def test_S03_refusal_looks_like_absence_to_the_bank(resident: Resident, stage: Stage, bank: Bank) -> None:
    refused, absent = bank.ask(), bank.ask()
    ran = resident.present(refused["request"], {**consent_to_login(bank), "purpose": "marketing"})
    assert refusal(ran) == (3, "access_denied")
    empty = Resident(stage, "empty")
    assert empty.start().exit_code == 0
    assert refusal(empty.present(absent["request"], consent_to_login(bank))) == (4, "access_denied")
    seen = [{name: value for name, value in bank.result(one).items() if name != "id"} for one in (refused, absent)]
    assert seen[0] == seen[1]
    assert seen[0]["state"] == "refused"


def test_S03_an_expired_request_is_refused(resident: Resident, stage: Stage, bank: Bank) -> None:
    request = bank.ask()
    stage.advance(timedelta(minutes=6))
    assert refusal(resident.present(request["request"], consent_to_login(bank))) == (1, "request_expired")
    assert bank.result(request)["state"] == "expired"


def test_S03_over_asking_is_refused_when_the_request_is_made(stage: Stage) -> None:
    query = {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [f"{stage.base_url}/vct/e-residency/1"]},
                "claims": [{"path": ["nationalities"]}, {"path": ["document_number"]}],
            }
        ]
    }
    with stage.agency() as client:
        answer = client.post(
            "/v1/presentation-requests", json={"purpose": "login", "dcql_query": query, "flow": "cross_device"}
        )
    assert (answer.status_code, answer.json()["code"]) == (422, "over_asking")


def test_S03_a_returning_user_shows_a_pairwise_number_and_always_the_same(resident: Resident, bank: Bank) -> None:
    query = {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [f"{bank.stage.base_url}/vct/e-residency/1"]},
                "claims": [{"path": ["pairwise_sub"]}],
            }
        ]
    }
    consent = {"verifier": bank.did, "purpose": "login", "claims": {"e-residency": ["pairwise_sub"]}}
    seen = []
    for _ in range(2):
        request = bank.ask("login", dcql_query=query)
        ran = resident.present(request["request"], consent)
        assert ran.exit_code == 0, ran.stderr
        [claims] = bank.result(request)["claims"]["e"]
        seen.append(claims["pairwise_sub"])
    assert seen[0] == seen[1]
