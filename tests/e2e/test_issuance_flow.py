"""A whole pick-up against the app: offer, tokens, batches, verdicts, suspension, refresh, revocation (S02, S05)."""

from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from credentials.formats import FORMATS
from credentials.openid.credential import check_credential_response, parse_credential_response
from credentials.openid.metadata import parse_authorization_server_metadata, parse_issuer_metadata
from credentials.openid.offer import CredentialOffer, check_offer, parse_offer
from credentials.verify import verify_credential
from did.keys import PrivateKey
from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.issuer import lifecycle, offers
from idservice.issuer.tables import copies
from idservice.registry import status, trust
from idservice.registry.rows import status_entries
from idservice.service import Service
from tests.unit.idservice.issuer.wallet import Resident, Wallet, details, new_key, of_case, refusal, resident


def verdict(service: Service, credential: str, key: PrivateKey) -> tuple[str, str | None]:
    """Judge a credential as a wallet or verifier would, against the published lists."""
    with transaction(service.engine) as db:
        policy = trust.policy(service, db)
    found = verify_credential(
        credential,
        policy=policy,
        fetch=service.fetch,
        statuses=trust.status_source(service),
        now=service.clock.now(),
        holder_key=key.public_key,
    )
    return found.verdict, found.code


def act(service: Service, name: str, who: Resident) -> None:
    with transaction(service.engine) as db:
        getattr(lifecycle, name)(db, service, case_id=who.case_id, actor="staff:test", reason="test")
    status.publish_now(service)


def issued(wallet: Wallet, access: str, keys: list[PrivateKey], **what: str) -> list[str]:
    answer = wallet.credential(access, keys, **what)
    assert answer.status_code == 200, answer.text
    response = check_credential_response(parse_credential_response(answer.content), keys=len(keys))
    return [str(one) for one in response.credentials]


def checked_offer(wallet: Wallet, offer: offers.CreatedOffer) -> CredentialOffer:
    """Read the offer as our wallet does: against the issuer's own metadata."""
    client = wallet.client
    found = parse_offer(wallet.fetch_offer(offer).content, dev=True)
    metadata = parse_issuer_metadata(client.get("/.well-known/openid-credential-issuer").content)
    server = parse_authorization_server_metadata(client.get("/.well-known/oauth-authorization-server").content)
    return check_offer(found, metadata=metadata, server=server).offer


def test_pick_up_suspend_refresh_revoke(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    offer = of_case(service, who)
    assert set(checked_offer(wallet, offer).configuration_ids) == {"e-residency", "signing"}
    answer = wallet.redeem(offer, wanted=details("e-residency", "signing"))
    keys = [new_key() for _ in range(10)]
    batch = issued(wallet, answer["access_token"], keys, identifier="e-residency/17")
    (signing,) = issued(wallet, answer["access_token"], [who.sign], identifier="signing")
    held = [*zip(batch, keys, strict=True), (signing, who.sign)]
    assert {verdict(service, credential, key) for credential, key in held} == {("valid", None)}
    assert verdict(service, batch[0], keys[1])[0] == "invalid"

    act(service, "suspend", who)
    assert {verdict(service, *one) for one in held} == {("invalid", "credential_suspended")}
    access = wallet.refresh(answer["refresh_token"]).json()["access_token"]
    denied = wallet.credential(access, [new_key()], identifier="e-residency/17")
    assert refusal(denied) == (400, "credential_request_denied", "credential_suspended")

    act(service, "reinstate", who)
    assert {verdict(service, *one) for one in held} == {("valid", None)}
    fresh = [new_key() for _ in range(10)]
    refilled = issued(wallet, access, fresh, identifier="e-residency/17")
    subs = {FORMATS["dc+sd-jwt"].parse(one).unverified_claims["pairwise_sub"] for one in (*batch, *refilled)}
    assert len(subs) == 1

    act(service, "revoke", who)
    everything = [*held, *zip(refilled, fresh, strict=True)]
    assert {verdict(service, *one) for one in everything} == {("invalid", "credential_revoked")}
    access = wallet.refresh(answer["refresh_token"]).json()["access_token"]
    denied = wallet.credential(access, [new_key()], identifier="e-residency/17")
    assert refusal(denied) == (400, "credential_request_denied", "credential_revoked")


def test_issued_audited_and_taken_places_are_the_same_number(service: Service, client: TestClient) -> None:
    who = resident()
    wallet = Wallet(service, client, who.auth)
    access = wallet.redeem(of_case(service, who))["access_token"]
    batch = [new_key() for _ in range(10)]
    for _ in range(3):
        issued(wallet, access, batch, configuration="e-residency")
    wallet.credential(access, [new_key()], configuration="e-residency")
    issued(wallet, access, [who.sign], configuration="signing")
    with transaction(service.engine) as db:
        rows = db.execute(select(func.count()).select_from(copies)).scalar_one()
        audited = select(func.count()).select_from(audit_rows).where(audit_rows.c.act == "credential.issued")
        taken = select(func.count()).select_from(status_entries).where(status_entries.c.kind == "copy")
        assert rows == db.execute(audited).scalar_one() == db.execute(taken).scalar_one() == 11


def test_the_handle_leads_to_the_offer(service: Service, client: TestClient) -> None:
    who = resident()
    offer = of_case(service, who)
    answer = client.get(f"/offer/{offer.handle.lower()}", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    assert answer.json() == {"offer": offer.uri}
    page = client.get(f"/offer/{offer.handle}", headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert str(offer.tx_code) not in page.text
    assert "Tamm" not in page.text


@pytest.mark.parametrize("path", ["/vci/token", "/vci/nonce", "/vci/credential", "/vci/notification"])
def test_protocol_endpoints_take_post_only(client: TestClient, path: str) -> None:
    answer: Any = client.get(path)
    assert answer.status_code == 405
