import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials.openid import credential
from credentials.openid.credential import (
    CredentialRequest,
    CredentialResponse,
    DeferredResponse,
    GrantedRequest,
    Notification,
)
from tests.unit.credentials.openid.support import refused
from tests.unit.credentials.openid.test_offer import issuer_metadata

GOOD = {"credential_configuration_id": "pid", "proofs": {"jwt": ["a.b.c"]}}


@pytest.mark.parametrize(
    "made",
    [
        CredentialRequest(configuration_id="pid"),
        CredentialRequest(identifier="pid/0", proof_type="jwt", proofs=("a.b.c", "d.e.f")),
        CredentialRequest(
            identifier="x", proof_type="di_vp", proofs=({"proof": {}},), response_encryption={"enc": "A"}
        ),
    ],
)
def test_request_round_trip(made: CredentialRequest) -> None:
    assert credential.parse_credential_request(credential.build_credential_request(made)) == made


def test_unknown_members_are_ignored() -> None:
    body = json.dumps({**GOOD, "format": "x", "c_nonce": "y"}).encode()
    assert credential.parse_credential_request(body).configuration_id == "pid"


@pytest.mark.parametrize(
    ("value", "error"),
    [
        ([], "invalid_credential_request"),
        ({}, "invalid_credential_request"),
        ({**GOOD, "credential_identifier": "x"}, "invalid_credential_request"),
        ({"credential_configuration_id": 1}, "invalid_credential_request"),
        ({"credential_configuration_id": ""}, "invalid_credential_request"),
        ({"format": "vc+sd-jwt", "proof": {"proof_type": "jwt", "jwt": "a.b.c"}}, "invalid_credential_request"),
        ({**GOOD, "proofs": {}}, "invalid_proof"),
        ({**GOOD, "proofs": []}, "invalid_proof"),
        ({**GOOD, "proofs": None}, "invalid_proof"),
        ({**GOOD, "proofs": {"jwt": []}}, "invalid_proof"),
        ({**GOOD, "proofs": {"jwt": "a.b.c"}}, "invalid_proof"),
        ({**GOOD, "proofs": {"jwt": [1]}}, "invalid_proof"),
        ({**GOOD, "proofs": {"jwt": ["a.b.c"], "di_vp": [{}]}}, "invalid_proof"),
        ({**GOOD, "credential_response_encryption": "x"}, "invalid_credential_request"),
    ],
)
def test_bad_requests(value: Any, error: str) -> None:
    refused(lambda: credential.parse_credential_request(json.dumps(value).encode()), error=error)


def check(made: CredentialRequest, **changes: Any) -> GrantedRequest:
    values: dict[str, Any] = {"metadata": issuer_metadata(batch_size=2), "configuration_ids": {"pid"}}
    return credential.check_credential_request(made, **{**values, **changes})


PROOFS: dict[str, Any] = {"proof_type": "jwt", "proofs": ("a.b.c",)}


def test_check_request() -> None:
    found = check(CredentialRequest(configuration_id="pid", **PROOFS))
    assert (found.configuration.id, found.identifier, found.proofs) == ("pid", None, ("a.b.c",))
    found = check(CredentialRequest(identifier="pid/1", **PROOFS), identifiers={"pid/1": "pid"})
    assert (found.configuration.id, found.identifier) == ("pid", "pid/1")


def test_T53_only_what_was_granted() -> None:
    by_id = CredentialRequest(configuration_id="pid", **PROOFS)
    unknown = "unknown_credential_configuration"
    refused(lambda: check(CredentialRequest(configuration_id="e-residency", **PROOFS)), error=unknown)
    refused(
        lambda: check(CredentialRequest(configuration_id="none", **PROOFS), configuration_ids={"none"}), error=unknown
    )
    refused(lambda: check(CredentialRequest(identifier="pid/1", **PROOFS)), error="unknown_credential_identifier")
    other = CredentialRequest(identifier="pid/2", **PROOFS)
    refused(lambda: check(other, identifiers={"pid/1": "pid"}), error="unknown_credential_identifier")
    refused(lambda: check(by_id, identifiers={"pid/1": "pid"}), error="invalid_credential_request")


def test_proofs_and_encryption_have_to_fit() -> None:
    refused(lambda: check(CredentialRequest(configuration_id="pid")), error="invalid_proof")
    other = CredentialRequest(configuration_id="pid", proof_type="di_vp", proofs=({},))
    refused(lambda: check(other), error="invalid_proof")
    three = CredentialRequest(configuration_id="pid", proof_type="jwt", proofs=("a", "b", "c"))
    refused(lambda: check(three), error="invalid_credential_request")
    two = CredentialRequest(configuration_id="pid", proof_type="jwt", proofs=("a", "b"))
    refused(lambda: check(two, metadata=issuer_metadata()), error="invalid_credential_request")
    encrypted = CredentialRequest(configuration_id="pid", **PROOFS, response_encryption={"enc": "A128GCM"})
    refused(lambda: check(encrypted), error="invalid_encryption_parameters")


@pytest.mark.parametrize(
    "made",
    [
        CredentialResponse(credentials=("a~",), notification_id="n"),
        CredentialResponse(credentials=("a~", {"proof": {}})),
        DeferredResponse(transaction_id="t", interval=timedelta(seconds=30)),
    ],
)
def test_response_round_trip(made: CredentialResponse | DeferredResponse) -> None:
    assert credential.parse_credential_response(credential.build_credential_response(made)) == made


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        {"credential": "a~"},
        {"credentials": []},
        {"credentials": ["a~"]},
        {"credentials": [{}]},
        {"credentials": [{"credential": ""}]},
        {"credentials": [{"credential": 1}]},
        {"credentials": [{"credential": "a"}], "transaction_id": "t", "interval": 1},
        {"transaction_id": "t"},
        {"transaction_id": "t", "interval": 0},
        {"transaction_id": "t", "interval": "5"},
        {"transaction_id": "t", "interval": True},
        {"credentials": [{"credential": "a"}], "notification_id": 5},
    ],
)
def test_bad_responses(value: Any) -> None:
    refused(lambda: credential.parse_credential_response(json.dumps(value).encode()))


def test_check_response() -> None:
    two = CredentialResponse(credentials=("a", "b"))
    assert credential.check_credential_response(two, keys=2) is two
    refused(lambda: credential.check_credential_response(two, keys=1))
    later = DeferredResponse(transaction_id="t", interval=timedelta(seconds=30))
    refused(lambda: credential.check_credential_response(later, keys=1), code="unavailable")


def test_T65_credentials_are_not_shown() -> None:
    assert "secret" not in repr(CredentialResponse(credentials=("secret",)))
    assert "secret" not in repr(CredentialRequest(proofs=("secret",)))


def test_nonce() -> None:
    assert credential.parse_nonce_response(credential.build_nonce_response("n")) == "n"
    for body in (b"{}", b'{"c_nonce": 1}', b'{"c_nonce": ""}', b"n"):
        refused(partial(credential.parse_nonce_response, body))


def test_notification() -> None:
    for event in credential.EVENTS:
        made = Notification(notification_id="n", event=event, description="d")
        assert credential.parse_notification(credential.build_notification(made)) == made
    for value in (
        {},
        {"notification_id": "n"},
        {"notification_id": "n", "event": "x"},
        {"event": "credential_accepted"},
        {"notification_id": "n", "event": []},
    ):
        body = json.dumps(value).encode()
        refused(partial(credential.parse_notification, body), error="invalid_notification_request")
