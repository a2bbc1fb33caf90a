"""S05: freeze, lift, revoke - each within reach of the right people only."""

from datetime import timedelta

from idservice.demo.people import Bank, Office, Resident
from idservice.demo.stage import Stage
from idservice.demo.story import consent_to_login
from tests.scenarios.play import number_of, propose, refusal

BACK = {"reason": "Found again", "data": {"identity_checked": True, "document_seen": "passport"}}


def verdict(resident: Resident, bank: Bank) -> tuple[str, str | None]:
    request = bank.ask()
    resident.present(request["request"], consent_to_login(bank))
    found = bank.result(request)["verdict"]
    return found["verdict"], found.get("code")


def test_S05_freeze_lift_and_revoke(resident: Resident, office: Office, bank: Bank) -> None:
    assert verdict(resident, bank) == ("valid", None)
    assert resident.type("freeze").exit_code == 0
    assert verdict(resident, bank) == ("invalid", "credential_suspended")
    proposal = propose(office, resident, "reinstate", **BACK)
    assert office.decide("registrar", proposal)[1]["code"] == "four_eyes_required"
    assert office.decide("approver", proposal)[0] == 200
    assert verdict(resident, bank) == ("valid", None)
    proposal = propose(office, resident, "revoke", reason="follow_up")
    assert office.decide("approver", proposal)[0] == 200
    assert verdict(resident, bank) == ("invalid", "credential_revoked")
    status, answer = office.propose("registrar", number_of(resident), "reinstate", **BACK)
    assert (status, answer["code"]) == (409, "conflict")
    assert refusal(resident.type("refresh"))[0] != 0


def test_S05_nobody_freezes_somebody_else(resident: Resident, stage: Stage, office: Office) -> None:
    import secrets

    from credentials.openid.oauth import build_dpop_proof
    from did.keys import PrivateKey
    from did.signing import LocalSigner

    url = f"{stage.base_url}/v1/applications/{resident.application['id']}/freeze"
    proof = build_dpop_proof(
        signer=LocalSigner(PrivateKey.generate("ES256")),
        method="POST",
        url=url,
        now=stage.now(),
        jti=secrets.token_urlsafe(16),
    )
    with stage.public() as client:
        answer = client.post(url, json={}, headers={"DPoP": proof})
        assert (answer.status_code, answer.json()["code"]) == (403, "holder_binding_invalid")
        assert client.post(url, json={}).status_code in (401, 403)
    assert office.get("registrar", f"/v1/cases/{number_of(resident)}")[1]["state"] == "active"


def test_S05_a_stale_status_list_is_never_taken_for_a_good_one(resident: Resident, stage: Stage) -> None:
    assert resident.type("show", "e1").json["status"]["value"] == 0
    stage.stop()
    try:
        stage.advance(timedelta(hours=1))
        ran = resident.type("doctor")
        assert ran.exit_code == 6
        failed = {one["code"] for one in ran.json["checks"] if one["outcome"] == "failed"}
        assert "status_unavailable" in failed
    finally:
        stage.serve()
