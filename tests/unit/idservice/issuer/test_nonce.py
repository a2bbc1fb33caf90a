"""The `c_nonce`: open to all, stored by nobody, spent once (T51)."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from credentials.errors import ProtocolError
from did.encoding import b64url_decode, b64url_encode
from idservice.database import transaction
from idservice.issuer import nonce
from idservice.service import Service


def test_the_endpoint_is_open_and_not_cached(client: TestClient) -> None:
    first, second = client.post("/vci/nonce"), client.post("/vci/nonce", content=b"")
    assert first.status_code == second.status_code == 200
    assert first.headers["cache-control"] == "no-store"
    assert first.headers["content-type"] == "application/json"
    assert set(first.json()) == {"c_nonce"}
    assert first.json() != second.json()
    assert client.get("/vci/nonce").status_code == 405


def test_T51_only_our_own_nonces_are_accepted_and_only_unchanged(service: Service) -> None:
    good = nonce.fresh(service)
    raw = bytearray(b64url_decode(good))
    nonce.check(service, good)
    for at in range(len(raw)):
        changed = bytes(raw[:at]) + bytes([raw[at] ^ 1]) + bytes(raw[at + 1 :])
        with pytest.raises(ProtocolError) as refused:
            nonce.check(service, b64url_encode(changed))
        assert (refused.value.error, refused.value.code) == ("invalid_nonce", "nonce_mismatch")
    for text in ("", "a", good + "=", good + "A", good[:-1], "ä", "\ud800", "x" * 10_000):
        with pytest.raises(ProtocolError):
            nonce.check(service, text)


def test_T51_a_nonce_ends_after_five_minutes(service: Service, later: Any) -> None:
    made = nonce.fresh(service)
    later(timedelta(minutes=4, seconds=55))
    nonce.check(service, made)
    later(timedelta(minutes=5, seconds=1))
    with pytest.raises(ProtocolError):
        nonce.check(service, made)


def test_T51_a_nonce_is_spent_once(service: Service) -> None:
    made = nonce.fresh(service)
    with transaction(service.engine) as db:
        nonce.spend(db, service, made)
    with pytest.raises(ProtocolError) as refused, transaction(service.engine) as db:
        nonce.spend(db, service, made)
    assert (refused.value.error, refused.value.code) == ("invalid_nonce", "request_replayed")


def test_T51_a_rolled_back_issue_leaves_the_nonce(service: Service) -> None:
    made = nonce.fresh(service)
    with pytest.raises(RuntimeError), transaction(service.engine) as db:
        nonce.spend(db, service, made)
        raise RuntimeError
    with transaction(service.engine) as db:
        nonce.spend(db, service, made)
