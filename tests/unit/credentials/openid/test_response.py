import base64
import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from credentials.errors import AlgorithmNotAllowed
from credentials.jwe import encrypt_jwe
from credentials.openid import response
from credentials.openid.request import AuthorizationRequest
from credentials.openid.wire import build_form, parse_form
from did.keys import PrivateKey
from tests.unit.credentials.openid.support import refused
from tests.unit.credentials.openid.test_request import ENCRYPTION, build, changed, check

TOKEN = {"a": ["eyJ~eyJ"]}
KEYS = {"k1": ENCRYPTION}
STATE = "s" * 22
ENCRYPTED = check(build())
PLAIN = check(changed(response_mode="direct_post"), strict=False)


def receive(body: bytes, request: AuthorizationRequest = ENCRYPTED, **changes: Any) -> response.Answer:
    values: dict[str, Any] = {"response_mode": request.response_mode, "state": STATE, "keys": KEYS}
    return response.check_response(response.parse_response(body), **{**values, **changes})


def encrypted(value: Any, **changes: Any) -> bytes:
    jwk = response.encryption_key(ENCRYPTION, kid="k1")
    return build_form(
        {"response": encrypt_jwe(json.dumps(value).encode(), **{"recipient_jwk": jwk, "enc": "A256GCM", **changes})}
    )


@pytest.mark.parametrize("request_", [ENCRYPTED, PLAIN], ids=["direct_post.jwt", "direct_post"])
def test_build_parse_check(request_: AuthorizationRequest) -> None:
    body = response.build_response(request_, TOKEN)
    found = receive(body, request_)
    assert found.vp_token == {"a": ("eyJ~eyJ",)}
    assert found.error is None
    assert found.plaintext
    if request_ is ENCRYPTED:
        assert json.loads(found.plaintext) == {"vp_token": TOKEN, "state": STATE}
        assert parse_form(body).keys() == {"response"}
        assert b"eyJ~" not in body
    else:
        assert found.plaintext == body
        assert json.loads(parse_form(body)["vp_token"]) == TOKEN


def test_the_header_names_key_and_algorithms() -> None:
    message = response.parse_response(response.build_response(ENCRYPTED, TOKEN))
    assert isinstance(message, response.EncryptedResponse)
    assert message.kid == "k1"
    head = message.jwe.partition(".")[0]
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    assert (header["alg"], header["enc"]) == ("ECDH-ES", "A256GCM")


def test_no_state_asked_none_sent() -> None:
    silent = replace(ENCRYPTED, state=None)
    assert receive(response.build_response(silent, TOKEN), silent, state=None).vp_token
    refused(lambda: receive(response.build_response(ENCRYPTED, TOKEN), state=None), error="invalid_request")


@pytest.mark.parametrize("request_", [ENCRYPTED, PLAIN], ids=["direct_post.jwt", "direct_post"])
def test_refusal(request_: AuthorizationRequest) -> None:
    body = response.build_error_response(request_, "access_denied", description="no")
    found = receive(body, request_)
    assert (found.vp_token, found.error) == (None, "access_denied")
    assert receive(encrypted({"error": "access_denied", "state": STATE})).error == "access_denied"


def test_T54_answers_that_are_refused() -> None:
    good = {"vp_token": TOKEN, "state": STATE}
    bad: dict[str, bytes] = {
        "nothing": b"",
        "only state": build_form({"state": STATE}),
        "other state": encrypted({**good, "state": "t" * 22}),
        "no state": encrypted({"vp_token": TOKEN}),
        "state is a number": encrypted({**good, "state": 1}),
        "vp_token and error": encrypted({**good, "error": "x"}),
        "vp_token is text": encrypted({**good, "vp_token": "eyJ~"}),
        "vp_token is an array": encrypted({**good, "vp_token": ["eyJ~"]}),
        "empty": encrypted({**good, "vp_token": {}}),
        "presentation is no array": encrypted({**good, "vp_token": {"a": "eyJ~"}}),
        "no presentation": encrypted({**good, "vp_token": {"a": []}}),
        "presentation is null": encrypted({**good, "vp_token": {"a": [None]}}),
        "presentation is empty": encrypted({**good, "vp_token": {"a": [""]}}),
        "too many presentations": encrypted({**good, "vp_token": {"a": ["x"] * 65}}),
        "draft submission": encrypted({"presentation_submission": {}, "state": STATE}),
        "not an object": encrypted([TOKEN]),
        "doubled": build_form({"state": STATE}) + b"&response=a&response=b",
        "response and vp_token": encrypted(good) + b"&vp_token=%7B%7D",
        "response and error": encrypted(good) + b"&error=x",
        "not a JWE": build_form({"response": "x"}),
        "nested JWS": build_form({"response": "eyJhbGciOiJFUzI1NiJ9.e30.AA"}),
    }
    for name, body in bad.items():
        error = refused(partial(receive, body), error="invalid_request")
        assert error.hint or name.startswith("d"), name


def test_T57_plain_where_encryption_was_asked() -> None:
    refused(lambda: receive(response.build_response(PLAIN, TOKEN)), error="invalid_request")
    refused(lambda: receive(response.build_response(ENCRYPTED, TOKEN), PLAIN), error="invalid_request")


def test_T57_other_key_enc_and_zip() -> None:
    other = PrivateKey.generate("ES256")
    to_other = encrypted({"vp_token": TOKEN, "state": STATE}, recipient_jwk=response.encryption_key(other, kid="k1"))
    unknown = encrypted(
        {"vp_token": TOKEN, "state": STATE}, recipient_jwk=response.encryption_key(ENCRYPTION, kid="k2")
    )
    no_kid = {name: value for name, value in response.encryption_key(ENCRYPTION, kid="k1").items() if name != "kid"}
    for body in (to_other, unknown, encrypted({"vp_token": TOKEN, "state": STATE}, recipient_jwk=no_kid)):
        refused(partial(receive, body), error="invalid_request")
    jwe = parse_form(encrypted({"vp_token": TOKEN, "state": STATE}))["response"]
    head, _, rest = jwe.partition(".")
    header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    for change in (
        {"zip": "DEF"},
        {"enc": "A128CBC-HS256"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 10**9},
        {"crit": ["x"]},
    ):
        changed_head = base64.urlsafe_b64encode(json.dumps({**header, **change}).encode()).rstrip(b"=").decode()
        body = build_form({"response": f"{changed_head}.{rest}"})
        refused(partial(receive, body), error="invalid_request")


def test_T65_presentations_are_not_shown() -> None:
    body = response.build_response(PLAIN, {"a": ["secret"]})
    assert "secret" not in repr(response.parse_response(body))
    assert "secret" not in repr(receive(body, PLAIN))


def test_reply_of_the_verifier() -> None:
    assert response.build_response_answer() == b"{}"
    assert response.parse_response_answer(b"{}") is None
    uri = "https://bank.example/done#response_code=x"
    assert response.parse_response_answer(response.build_response_answer(redirect_uri=uri)) == uri
    for body in (
        b"",
        b"[]",
        b'{"redirect_uri": 1}',
        b'{"redirect_uri": "http://bank.example"}',
        b'{"redirect_uri": "javascript:x"}',
    ):
        refused(partial(response.parse_response_answer, body), error="invalid_request")


def test_transaction_data_hashes() -> None:
    refused(lambda: None or response.transaction_data_hashes(["x"], algorithm="md5"))
    with pytest.raises(AlgorithmNotAllowed):
        response.transaction_data_hashes(["x"], algorithm="sha-512")
