"""Errors: every class has a stable house code of its own table, words, and a next step."""

import inspect

import pytest

from credentials import errors
from credentials.errors import IdError, ProtocolError

HOUSE_CODES = {
    "malformed",
    "too_large",
    "issuer_untrusted",
    "verifier_untrusted",
    "issuer_key_unresolvable",
    "type_unexpected",
    "credential_expired",
    "credential_not_yet_valid",
    "credential_revoked",
    "credential_suspended",
    "status_invalid",
    "status_unavailable",
    "claim_missing",
    "claim_unrequested",
    "query_unsatisfied",
    "disclosure_invalid",
    "holder_binding_invalid",
    "nonce_mismatch",
    "audience_mismatch",
    "transaction_mismatch",
    "signature_invalid",
    "algorithm_not_allowed",
}
CLASSES = [value for _, value in inspect.getmembers(errors, inspect.isclass) if issubclass(value, IdError)]


@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind is not ProtocolError])
def test_each_class_has_code_and_hint(kind: type[IdError]) -> None:
    error = kind("what was wrong")
    assert error.code in HOUSE_CODES
    assert error.detail == "what was wrong" and error.hint.endswith(".")
    assert kind("x", hint="do this").hint == "do this"
    assert kind.__doc__


def test_protocol_errors_carry_both_codes() -> None:
    error = ProtocolError("invalid_proof", "another nonce", code="nonce_mismatch", hint="Ask again.")
    assert (error.error, error.code, error.detail, error.hint) == (
        "invalid_proof",
        "nonce_mismatch",
        "another nonce",
        "Ask again.",
    )
    assert error.description == "nonce_mismatch: another nonce"
    assert (error.status, error.headers) == (400, {})
    refused = ProtocolError("invalid_token", "x", status=401, headers={"WWW-Authenticate": "DPoP"})
    assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "DPoP")
