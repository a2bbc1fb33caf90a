"""Published vectors of Token Status List draft 20: arrays, and the token in JWT form.

The CWT token is read here as plain CBOR, for its array only: tokens in CWT form are not read by this library.
"""

import json
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest

from credentials.errors import StatusInvalid, StatusUnavailable
from credentials.status import token_status_list as tsl
from did.encoding import b64url_decode
from did.keys import PublicKey
from tests.paths import VECTORS, need

NOW = datetime.fromtimestamp(1686920200, UTC)
URI = "https://example.com/statuslists/1"


def _load(name: str) -> Any:
    path = VECTORS / "token-status-list" / name
    return json.loads(path.read_text()) if path.exists() else []


@pytest.mark.parametrize("case", _load("lists.json") or [None], ids=lambda case: f"{(case or {}).get('bits')}-bit")
def test_published_lists(case: dict[str, Any]) -> None:
    need("token-status-list", "lists.json")
    from_json = tsl.StatusList.from_compressed(case["json"]["bits"], b64url_decode(case["json"]["lst"]))
    cbor = cbor2.loads(bytes.fromhex(case["cbor_hex"]))
    from_cbor = tsl.StatusList.from_compressed(cbor["bits"], cbor["lst"])
    assert from_json.packed() == from_cbor.packed()
    assert len(from_json.packed()) == case["array_bytes"]
    expected = {int(index): value for index, value in case["status_nonzero"].items()}
    assert {index: value for index, value in expected.items() if value} == {
        index: value for index in range(len(from_json)) if (value := from_json.get(index))
    }
    again = tsl.StatusList.empty(case["bits"], len(from_json))
    for index, value in expected.items():
        again.set(index, value)
    assert again.packed() == from_json.packed()
    assert tsl.StatusList.from_compressed(case["bits"], again.compressed()).packed() == again.packed()


def test_small_arrays() -> None:
    for case in json.loads(need("token-status-list", "small_arrays.json").read_text()):
        built = tsl.StatusList.empty(case["bits"], len(case["statuses"]))
        for index, value in enumerate(case["statuses"]):
            built.set(index, value)
        assert built.packed().hex() == case["byte_array_hex"]
        for compressed in (bytes.fromhex(case["deflated_hex"]), b64url_decode(case["lst"]), built.compressed()):
            read = tsl.StatusList.from_compressed(case["bits"], compressed)
            assert [read.get(index) for index in range(len(read))] == case["statuses"]


def test_published_jwt() -> None:
    case = json.loads(need("token-status-list", "tokens.json").read_text())[0]
    key = PublicKey.from_jwk(case["jwk"])
    read = tsl.read_token(case["token"], uri=URI, key=key, now=NOW, fetched_at=NOW)
    assert read.get(0) == tsl.INVALID
    assert read.ttl is not None
    assert read.ttl.total_seconds() == 43200
    with pytest.raises(StatusInvalid):
        tsl.read_token(case["token"], uri=URI + "/other", key=key, now=NOW, fetched_at=NOW)
    later = datetime.fromtimestamp(2291720170, UTC)
    with pytest.raises(StatusUnavailable):
        tsl.read_token(case["token"], uri=URI, key=key, now=later, fetched_at=later)


def test_published_cwt_holds_the_same_array() -> None:
    cases = json.loads(need("token-status-list", "tokens.json").read_text())
    tagged = cbor2.loads(bytes.fromhex(cases[1]["cwt_hex"]))
    body = cbor2.loads(tagged.value[2])[65533]
    jwt = tsl.parse_token(cases[0]["token"])
    from_cwt = tsl.StatusList.from_compressed(body["bits"], body["lst"])
    assert from_cwt.packed() == tsl.StatusList.from_compressed(jwt.bits, jwt.compressed).packed()


def test_published_referenced_token() -> None:
    case = json.loads(need("token-status-list", "referenced_tokens.json").read_text())[0]
    reference = tsl.parse_reference(case["payload"]["status"])
    assert (reference.uri, reference.index) == (URI, 0)
