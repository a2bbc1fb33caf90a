"""Who may do what, by another way than the one that is guarded (T73)."""

import pytest
from fastapi.testclient import TestClient

from idservice.access import add_staff
from idservice.database import transaction
from idservice.service import Service
from tests.unit.idservice.issuer.wallet import ROLE

TOKEN = "token-of-somebody-in-training"


@pytest.mark.parametrize(("level", "read", "made"), [(0, 403, 403), (1, 404, 403), (2, 404, 201)])
def test_T73_a_direct_offer_needs_the_training_that_a_cases_offer_needs(
    service: Service, staff_client: TestClient, level: int, read: int, made: int
) -> None:
    with transaction(service.engine) as db:
        add_staff(db, service, name="trainee", roles=["registrar"], level=level, token=TOKEN)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"credential_configuration_id": "official-role", "claims": ROLE}
    assert staff_client.post("/v1/offers", json=body, headers=headers).status_code == made
    assert staff_client.get("/v1/offers/aaaaaaaaaaaaaaaaaaaaaa", headers=headers).status_code == read
    cancelled = staff_client.post("/v1/offers/aaaaaaaaaaaaaaaaaaaaaa/cancel", json={}, headers=headers)
    assert cancelled.status_code == (404 if made == 201 else 403)
