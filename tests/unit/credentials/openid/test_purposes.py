from typing import Any

import pytest

from credentials.errors import Malformed
from credentials.openid import dcql
from credentials.openid.purposes import OverAsking, Purpose, check_purpose, over_asking, parse_purpose, requested_claims
from tests.unit.credentials.openid.support import VCT, purpose


def query(*paths: list[Any], types: tuple[str, ...] = (VCT,), **members: Any) -> dcql.Query:
    entry: dict[str, Any] = {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": list(types)}, **members}
    if paths:
        entry["claims"] = [{"path": path} for path in paths]
    return dcql.parse_query({"credentials": [entry]})


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (["family_name"], True),
        (["nationalities", None], True),
        (["nationalities", 0], True),
        (["nationalities"], False),
        (["address", "country"], True),
        (["address", "country", "x"], True),
        (["address"], False),
        (["address", None], False),
        (["address", "locality"], False),
        (["picture"], False),
    ],
)
def test_T61_over_asking(path: list[Any], allowed: bool) -> None:
    asked = query(path)
    assert (over_asking(asked, [purpose()]) == ()) is allowed
    if allowed:
        check_purpose(asked, [purpose()])
    else:
        with pytest.raises(OverAsking) as caught:
            check_purpose(asked, [purpose()])
        assert caught.value.code == "over_asking"
        assert str(path[0]) in caught.value.detail


def test_T61_every_type_of_the_query_has_to_be_registered() -> None:
    assert over_asking(query(["family_name"], types=(VCT, "urn:other")), [purpose()])
    assert over_asking(query(types=("urn:other",)), [purpose()])
    assert not over_asking(query(), [purpose()])
    assert not over_asking(query(), [purpose(claims={VCT: ()})])
    assert over_asking(query(["family_name"]), [purpose(claims={VCT: ()})])


def test_T61_a_format_that_is_not_known_is_over_asking() -> None:
    unknown = dcql.parse_query({"credentials": [{"id": "z", "format": "mso_mdoc_zk", "meta": {}}]})
    assert [one.type for one in over_asking(unknown, [purpose()])] == [None]
    with pytest.raises(OverAsking):
        check_purpose(unknown, [purpose()])


def test_T61_claims_behind_claim_sets_and_optional_sets_count() -> None:
    claims = [{"id": "x", "path": ["family_name"]}, {"id": "y", "path": ["picture"]}]
    entry = {
        "id": "a",
        "format": "dc+sd-jwt",
        "meta": {"vct_values": [VCT]},
        "claims": claims,
        "claim_sets": [["x"], ["y"]],
    }
    asked = dcql.parse_query({"credentials": [entry], "credential_sets": [{"options": [["a"]], "required": False}]})
    assert [one.path for one in over_asking(asked, [purpose()])] == [("picture",)]


def test_union_of_purposes_and_everything() -> None:
    asked = query(["family_name"], ["picture"])
    assert over_asking(asked, [purpose()])
    assert not over_asking(asked, [purpose(), purpose(id="photo", claims={VCT: (("picture",),)})])
    assert not over_asking(asked, [purpose(claims={}, everything=True)])
    assert over_asking(asked, [])


def test_transaction_data_types() -> None:
    asked = query(["family_name"])
    with pytest.raises(OverAsking):
        check_purpose(asked, [purpose()], transaction_data_types=["payment"])
    check_purpose(asked, [purpose(transaction_data_types=frozenset({"payment"}))], transaction_data_types=["payment"])
    check_purpose(asked, [purpose(everything=True)], transaction_data_types=["payment"])


def test_requested_claims() -> None:
    found = requested_claims(query(["a"], ["b", None], types=("t", "u")))
    assert [(one.query_id, one.type, one.path) for one in found] == [
        ("a", "t", ("a",)),
        ("a", "t", ("b", None)),
        ("a", "u", ("a",)),
        ("a", "u", ("b", None)),
    ]


def test_json_round_trip_and_labels() -> None:
    one = purpose(
        retention="P5Y", transaction_data_types=frozenset({"payment", "deed"}), labels={"en": "Open", "et": "Ava"}
    )
    assert parse_purpose(one.to_json()) == one
    assert one.label(["pt", "et"]) == "Ava"
    assert one.label([]) == "Open"
    assert Purpose(id="p", labels={}, claims={}).label(["en"]) == "p"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": ""},
        {"id": 1},
        {"labels": []},
        {"labels": {"en": 1}},
        {"claims": []},
        {"claims": {VCT: "family_name"}},
        {"claims": {VCT: [[]]}},
        {"claims": {VCT: [[-1]]}},
        {"everything": 1},
        {"retention": "5 years"},
        {"retention": "P"},
        {"retention": "PT"},
        {"retention": None},
        {"transaction_data_types": "payment"},
        {"transaction_data_types": [1]},
    ],
)
def test_bad_purposes(changes: dict[str, Any]) -> None:
    with pytest.raises(Malformed):
        parse_purpose({**purpose().to_json(), **changes})
    with pytest.raises(Malformed):
        parse_purpose([])
