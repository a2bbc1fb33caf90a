import json
import logging

import pytest

from credentials.openid.wire import parse_error
from idservice.logs import Formatter
from idservice.problems import PROBLEM_TYPE, PROBLEMS, Refused, rendered, status_of
from tests.factories import BASE_URL

STATUSES = {
    400: "malformed tx_code_wrong nonce_mismatch",
    401: "unauthenticated",
    403: "role_missing four_eyes_required holder_binding_invalid verifier_untrusted access_denied",
    404: "not_found",
    409: "conflict request_replayed duplicate_nullifier",
    410: "offer_expired request_expired",
    413: "too_large",
    415: "media_type_unsupported",
    422: "over_asking policy_not_met personal_code_invalid",
    429: "rate_limited",
    503: "unavailable status_unavailable",
    500: "internal",
}
VERDICT_CODES = (
    "signature_invalid disclosure_invalid algorithm_not_allowed type_unexpected audience_mismatch transaction_mismatch "
    "claim_missing claim_unrequested query_unsatisfied issuer_untrusted issuer_key_unresolvable credential_expired "
    "credential_not_yet_valid credential_revoked credential_suspended status_invalid"
)


def test_the_table_of_codes() -> None:
    listed = {code: status for status, codes in STATUSES.items() for code in codes.split()}
    listed |= dict.fromkeys(VERDICT_CODES.split(), 400)
    assert {code: kind.status for code, kind in PROBLEMS.items()} == listed


def test_every_code_has_a_title_and_a_next_step() -> None:
    for code, kind in PROBLEMS.items():
        assert kind.title, code
        assert kind.hint.endswith("."), code
        assert Refused(code, "x").hint == kind.hint


def test_an_unknown_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Refused("no_such_code", "x")
    assert status_of("no_such_code") == 400


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("malformed", "invalid_request"),
        ("unauthenticated", "invalid_token"),
        ("offer_expired", "invalid_grant"),
        ("tx_code_wrong", "invalid_grant"),
        ("nonce_mismatch", "invalid_nonce"),
        ("holder_binding_invalid", "invalid_proof"),
        ("access_denied", "access_denied"),
        ("policy_not_met", "credential_request_denied"),
    ],
)
def test_standard_endpoints_speak_oauth(code: str, error: str) -> None:
    told = {"detail": "so", "hint": "do", "status": 400}
    body, media = rendered(BASE_URL, "/vci/token", "id", code=code, **told)  # type: ignore[arg-type]
    assert media == "application/json"
    read = parse_error(body)
    assert (read.error, read.code, read.detail) == (error, code, "so")
    body, media = rendered(BASE_URL, "/v1/offers", "id", code=code, **told)  # type: ignore[arg-type]
    assert media == PROBLEM_TYPE
    assert json.loads(body)["code"] == code


def test_T65_the_log_lets_named_fields_through_and_no_others() -> None:
    record = logging.LogRecord("idservice", logging.INFO, "f", 1, "request", (), None)
    record.__dict__.update({"id": "abc", "status": 200, "name_of_person": "Maria", "token": "secret"})
    line = json.loads(Formatter().format(record))
    assert line["id"] == "abc"
    assert "Maria" not in str(line)
    assert "secret" not in str(line)


def test_T65_the_log_cuts_errors_to_their_type() -> None:
    try:
        raise ValueError("Maria")
    except ValueError as error:
        record = logging.LogRecord(
            "idservice", logging.ERROR, "f", 1, "failed", (), (ValueError, error, error.__traceback__)
        )
    line = Formatter().format(record)
    assert "Maria" not in line
    assert json.loads(line)["error"] == "ValueError"
