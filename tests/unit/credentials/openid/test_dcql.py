from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.errors import (
    ClaimMissing,
    ClaimUnrequested,
    HolderBindingInvalid,
    IdError,
    QueryUnsatisfied,
    TypeUnexpected,
)
from credentials.openid import dcql
from tests.unit.credentials.openid.support import VCT, refused

CLAIMS = {
    "vct": VCT,
    "family_name": "Tamm",
    "assurance_level": "high",
    "age": 36,
    "adult": True,
    "address": {"country": "EE", "locality": "Tallinn"},
    "nationalities": ["EE", "FI", "SE"],
    "degrees": [{"type": "BSc", "year": 2010}, {"type": "MSc"}, {"type": "PhD", "year": 2020}],
}


def entry(*paths: list[Any], **members: Any) -> dict[str, Any]:
    value: dict[str, Any] = {"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": [VCT]}}
    if paths:
        value["claims"] = [{"path": path} for path in paths]
    return {**value, **members}


def query(*entries: dict[str, Any], **members: Any) -> dcql.Query:
    return dcql.parse_query({"credentials": list(entries), **members})


def held(**changes: Any) -> dcql.HeldCredential:
    values: dict[str, Any] = {"id": "h", "format": "dc+sd-jwt", "types": (VCT,), "claims": CLAIMS}
    return dcql.HeldCredential(**{**values, **changes})


def view(claims: dict[str, Any], *disclosed: tuple[str | int, ...], **changes: Any) -> dcql.VerifiedView:
    values: dict[str, Any] = {"format": "dc+sd-jwt", "types": (VCT,)}
    return dcql.VerifiedView(**{**values, "claims": claims, "disclosed": disclosed, **changes})


# --- parse ---------------------------------------------------------------------------------------

GOOD = entry(["family_name"])


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"credentials": None},
        {"credentials": []},
        {"credentials": [1]},
        {"credentials": [GOOD] * 2},
        {"credentials": [{**GOOD, "id": f"q{n}"} for n in range(65)]},
        {"credentials": [entry(id="")]},
        {"credentials": [entry(id="ä")]},
        {"credentials": [entry(id=1)]},
        {"credentials": [entry(format=None)]},
        {"credentials": [entry(meta=None)]},
        {"credentials": [entry(meta={})]},
        {"credentials": [entry(meta={"vct_values": []})]},
        {"credentials": [entry(meta={"vct_values": "x"})]},
        {"credentials": [entry(meta={"vct_values": [1]})]},
        {"credentials": [entry(format="mso_mdoc")]},
        {"credentials": [entry(format="ldp_vc", meta={"type_values": [["A"], []]})]},
        {"credentials": [entry(["a", "b", "c"], format="mso_mdoc", meta={"doctype_value": "d"})]},
        {"credentials": [entry(["a", 1], format="mso_mdoc", meta={"doctype_value": "d"})]},
        {"credentials": [entry(multiple="yes")]},
        {"credentials": [entry(require_cryptographic_holder_binding=1)]},
        {"credentials": [entry(claims=[])]},
        {"credentials": [entry(claims={})]},
        {"credentials": [entry(claims=[1])]},
        {"credentials": [entry(claims=[{}])]},
        {"credentials": [entry([-1])]},
        {"credentials": [entry([1.5])]},
        {"credentials": [entry([True])]},
        {"credentials": [entry([["a"]])]},
        {"credentials": [entry(claims=[{"path": ["a"], "values": "x"}])]},
        {"credentials": [entry(claims=[{"path": ["a"], "values": [None]}])]},
        {"credentials": [entry(claims=[{"path": ["a"], "values": [1.5]}])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x"}, {"path": ["b"], "id": "x"}])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x y"}])]},
        {"credentials": [entry(claim_sets=[["x"]])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x"}], claim_sets=[])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x"}], claim_sets=[[]])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x"}], claim_sets=[["x", "x"]])]},
        {"credentials": [entry(claims=[{"path": ["a"], "id": "x"}], claim_sets=["x"])]},
        {"credentials": [entry(trusted_authorities=[])]},
        {"credentials": [entry(trusted_authorities=[{"type": "aki"}])]},
        {"credentials": [entry(trusted_authorities=[{"type": 1, "values": ["x"]}])]},
        {"credentials": [entry(trusted_authorities=[{"type": "aki", "values": [1]}])]},
        {"credentials": [GOOD], "credential_sets": []},
        {"credentials": [GOOD], "credential_sets": None},
        {"credentials": [GOOD], "credential_sets": [{}]},
        {"credentials": [GOOD], "credential_sets": [{"options": [["b"]]}]},
        {"credentials": [GOOD], "credential_sets": [{"options": [[]]}]},
        {"credentials": [GOOD], "credential_sets": [{"options": [["a"]], "required": "no"}]},
    ],
)
def test_what_is_no_query_is_refused(value: Any) -> None:
    error = refused(lambda: dcql.parse_query(value), error="invalid_request", code="malformed")
    assert isinstance(error, dcql.DcqlInvalid)


def test_unknown_members_are_ignored_and_kept() -> None:
    value = {"credentials": [{**GOOD, "x": 1, "claims": [{"path": ["a"], "y": 2}]}], "z": 3}
    parsed = dcql.parse_query(value)
    assert parsed.raw is value
    assert parsed.credential("a") is parsed.credentials[0]
    assert parsed.credential("b") is None


# --- match ---------------------------------------------------------------------------------------


def disclosed(*paths: list[Any], **members: Any) -> tuple[Any, ...] | None:
    found = dcql.match(query(entry(*paths, **members)), [held()]).candidates.get("a")
    return found[0].concrete if found else None


@pytest.mark.parametrize(
    ("path", "concrete"),
    [
        (["family_name"], (("family_name",),)),
        (["address", "country"], (("address", "country"),)),
        (["nationalities", None], (("nationalities", 0), ("nationalities", 1), ("nationalities", 2))),
        (["nationalities", 2], (("nationalities", 2),)),
        (["nationalities", 3], None),
        (["nationalities", "EE"], None),
        (["degrees", None, "type"], (("degrees", 0, "type"), ("degrees", 1, "type"), ("degrees", 2, "type"))),
        (["degrees", None, "year"], (("degrees", 0, "year"), ("degrees", 2, "year"))),
        (["degrees", None, "none"], None),
        (["degrees", None, 0], None),
        (["address", None], None),
        (["address", 0], None),
        (["family_name", "x"], None),
        (["none"], None),
        (["none", "x"], None),
    ],
)
def test_paths(path: list[Any], concrete: Any) -> None:
    assert disclosed(path) == concrete


def test_one_wrong_container_drops_the_whole_claim() -> None:
    mixed = held(claims={"list": [{"x": 1}, "text"]})
    assert not dcql.match(query(entry(["list", None, "x"])), [mixed]).satisfiable


@pytest.mark.parametrize(
    ("path", "values", "concrete"),
    [
        (["nationalities", None], ["FI", "SE"], (("nationalities", 1), ("nationalities", 2))),
        (["nationalities", None], ["DE"], None),
        (["age"], [36], (("age",),)),
        (["age"], ["36"], None),
        (["age"], [True], None),
        (["adult"], [True], (("adult",),)),
        (["adult"], [1], None),
        (["address"], ["EE"], None),
    ],
)
def test_values_match_by_type_and_value(path: list[Any], values: list[Any], concrete: Any) -> None:
    assert disclosed(claims=[{"path": path, "values": values}]) == concrete


def test_no_claims_means_no_disclosure() -> None:
    assert disclosed() == ()


@pytest.mark.parametrize(
    ("changes", "satisfiable"),
    [
        ({}, True),
        ({"format": "mso_mdoc"}, False),
        ({"types": ("urn:other",)}, False),
        ({"types": ("urn:child", VCT)}, True),
        ({"holder_bound": False}, False),
    ],
)
def test_credential_conditions(changes: dict[str, Any], satisfiable: bool) -> None:
    assert dcql.match(query(entry()), [held(**changes)]).satisfiable is satisfiable


@pytest.mark.parametrize(
    ("authorities", "fits"),
    [
        ([{"type": "aki", "values": ["k1"]}], True),
        ([{"type": "aki", "values": ["k2", "k1"]}], True),
        ([{"type": "aki", "values": ["k2"]}], False),
        ([{"type": "etsi_tl", "values": ["k1"]}], False),
        ([{"type": "etsi_tl", "values": ["x"]}, {"type": "aki", "values": ["k1"]}], True),
    ],
)
def test_trusted_authorities(authorities: list[Any], fits: bool) -> None:
    asked = query(entry(trusted_authorities=authorities))
    akis = frozenset({"k1"})
    assert dcql.match(asked, [held(akis=akis)]).satisfiable is fits
    answer = {"a": [view({"vct": VCT}, akis=akis)]}
    if fits:
        dcql.check_answer(asked, answer)
    else:
        with pytest.raises(QueryUnsatisfied):
            dcql.check_answer(asked, answer)


def test_claim_sets_choose_the_first_that_can_be_met() -> None:
    claims = [{"id": name, "path": [name]} for name in ("none", "family_name", "age")]
    sets = [["none"], ["age"], ["family_name"]]
    assert disclosed(claims=claims, claim_sets=sets) == (("age",),)


def test_several_candidates_keep_the_order_of_the_wallet() -> None:
    found = dcql.match(query(entry(["age"])), [held(id="1"), held(id="2", types=()), held(id="3")])
    assert [one.held_id for one in found.candidates["a"]] == ["1", "3"]


def test_sets_and_the_first_selection() -> None:
    asked = query(
        entry(["family_name"], id="a"),
        entry(["none"], id="b"),
        entry(["age"], id="c"),
        credential_sets=[
            {"options": [["b"], ["a", "c"]]},
            {"options": [["c"]], "required": False},
            {"options": [["a"]]},
        ],
    )
    found = dcql.match(asked, [held()])
    assert found.satisfiable
    assert found.choices[0].options == (("a", "c"),)
    assert found.first_selection().keys() == {"a", "c"}
    only = query(entry(["family_name"]), credential_sets=[{"options": [["a"]], "required": False}])
    assert dcql.match(only, [held()]).first_selection() == {}
    assert dcql.match(only, [held()]).first_selection(optional=True).keys() == {"a"}
    assert not dcql.match(only, []).satisfiable


def test_nothing_is_selected_when_the_required_part_cannot_be_met() -> None:
    asked = query(entry(["none"], id="a"), entry(["age"], id="b"))
    found = dcql.match(asked, [held()])
    assert found.candidates.keys() == {"b"}
    with pytest.raises(QueryUnsatisfied):
        found.first_selection(optional=True)


# --- check ---------------------------------------------------------------------------------------

ASKED = query(entry(["family_name"], ["address", "country"], claims=[
    {"path": ["family_name"]},
    {"path": ["address", "country"], "values": ["EE", "FI"]},
]))  # fmt: skip
ANSWER = {"vct": VCT, "family_name": "Tamm", "address": {"country": "EE"}}
SHOWN: tuple[tuple[str | int, ...], ...] = (("family_name",), ("address",), ("address", "country"))


def test_T58_a_true_answer_passes() -> None:
    dcql.check_answer(ASKED, {"a": [view(ANSWER, *SHOWN)]})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({}, QueryUnsatisfied),
        ({"a": []}, QueryUnsatisfied),
        ({"b": [view(ANSWER, *SHOWN)]}, QueryUnsatisfied),
        ({"a": [view(ANSWER, *SHOWN)], "b": [view(ANSWER, *SHOWN)]}, QueryUnsatisfied),
        ({"a": [view(ANSWER, *SHOWN)] * 2}, QueryUnsatisfied),
        ({"a": [view(ANSWER, *SHOWN, types=("urn:other",))]}, TypeUnexpected),
        ({"a": [view(ANSWER, *SHOWN, format="mso_mdoc")]}, TypeUnexpected),
        ({"a": [view(ANSWER, *SHOWN, holder_bound=False)]}, HolderBindingInvalid),
        ({"a": [view({**ANSWER, "address": {"country": "SE"}}, *SHOWN)]}, ClaimMissing),
        ({"a": [view({"address": {"country": "EE"}}, *SHOWN[1:])]}, ClaimMissing),
        ({"a": [view({**ANSWER, "address": "EE"}, *SHOWN)]}, ClaimMissing),
        ({"a": [view({**ANSWER, "email": "x"}, *SHOWN, ("email",))]}, ClaimUnrequested),
        ({"a": [view(ANSWER, *SHOWN, ("address", "locality"))]}, ClaimUnrequested),
    ],
)
def test_T58_T27_other_answers_are_refused(answer: Any, error: type[IdError]) -> None:
    with pytest.raises(error) as caught:
        dcql.check_answer(ASKED, answer)
    assert caught.value.hint


def test_T65_errors_name_paths_never_values() -> None:
    answer = {**ANSWER, "family_name": "Secret", "address": {"country": "Hidden"}, "extra": "Planted"}
    for shown in ((), (*SHOWN, ("extra",))):
        with pytest.raises(IdError) as caught:
            dcql.check_answer(ASKED, {"a": [view(answer, *shown)]})
        assert not any(word in caught.value.detail for word in ("Secret", "Hidden", "Planted"))


def test_T27_no_claims_asked_none_may_come() -> None:
    asked = query(entry())
    dcql.check_answer(asked, {"a": [view({"vct": VCT, "iss": "x"})]})
    with pytest.raises(ClaimUnrequested):
        dcql.check_answer(asked, {"a": [view(ANSWER, ("family_name",))]})


def test_a_query_that_no_set_names_is_not_asked() -> None:
    asked = query(entry(id="a"), entry(id="b"), credential_sets=[{"options": [["a"]]}])
    dcql.check_answer(asked, {"a": [view({})]})
    with pytest.raises(QueryUnsatisfied):
        dcql.check_answer(asked, {"a": [view({})], "b": [view({})]})


def test_optional_and_alternative_sets() -> None:
    asked = query(
        entry(id="a"),
        entry(id="b"),
        entry(id="c"),
        credential_sets=[{"options": [["a"], ["b"]]}, {"options": [["c"]], "required": False}],
    )
    for ids in ("a", "b", "ac", "bc"):
        dcql.check_answer(asked, {query_id: [view({})] for query_id in ids})
    with pytest.raises(QueryUnsatisfied):
        dcql.check_answer(asked, {"c": [view({})]})


def test_multiple() -> None:
    asked = query(entry(["age"], multiple=True))
    dcql.check_answer(asked, {"a": [view({"age": 1}, ("age",)), view({"age": 2}, ("age",))]})
    with pytest.raises(ClaimMissing):
        dcql.check_answer(asked, {"a": [view({"age": 1}, ("age",)), view({})]})


def test_claim_sets_in_the_answer() -> None:
    claims = [{"id": name, "path": [name]} for name in ("x", "y", "z")]
    asked = query(entry(claims=claims, claim_sets=[["x", "y"], ["z"]]))
    dcql.check_answer(asked, {"a": [view({"x": 1, "y": 2}, ("x",), ("y",))]})
    dcql.check_answer(asked, {"a": [view({"z": 3}, ("z",))]})
    with pytest.raises(ClaimMissing):
        dcql.check_answer(asked, {"a": [view({"x": 1}, ("x",))]})


def test_index_paths_count_issued_positions() -> None:
    """Hidden items shift the array; the second nationality stays the second one (index 1)."""
    asked = query(entry(claims=[{"path": ["nationalities", 1], "values": ["FI"]}]))
    dcql.check_answer(asked, {"a": [view({"nationalities": ["FI"]}, ("nationalities", 1))]})
    with pytest.raises(ClaimMissing):
        dcql.check_answer(asked, {"a": [view({"nationalities": ["FI"]}, ("nationalities", 0))]})
    shifted = {("nationalities",): (0, 2)}
    with pytest.raises(ClaimMissing):
        dcql.check_answer(asked, {"a": [view({"nationalities": ["EE", "FI"]}, positions=shifted)]})
    shifted = {("nationalities",): (1, 2)}
    dcql.check_answer(asked, {"a": [view({"nationalities": ["FI", "SE"]}, positions=shifted)]})


def test_what_lies_inside_a_requested_claim_may_come() -> None:
    asked = query(entry(["address"], ["degrees", None, "type"]))
    claims = {"address": {"country": "EE"}, "degrees": [{"type": "BSc"}]}
    shown: tuple[tuple[str | int, ...], ...] = (
        ("address",),
        ("address", "country"),
        ("degrees", 0),
        ("degrees", 0, "type"),
    )
    dcql.check_answer(asked, {"a": [view(claims, *shown)]})
    with pytest.raises(ClaimUnrequested):
        dcql.check_answer(asked, {"a": [view(claims, *shown, ("degrees", 0, "year"))]})


# --- both sides ----------------------------------------------------------------------------------

LEAF = st.one_of(st.sampled_from(["EE", "x", ""]), st.integers(0, 3), st.booleans(), st.none())
CLAIM = st.recursive(
    LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
PATH = st.lists(st.sampled_from(["a", "b", "c", 0, 1, None]), min_size=1, max_size=3)


def keep(value: Any, paths: list[tuple[Any, ...]]) -> Any:
    """Return what is left of a value when only `paths` below it are disclosed; other array items go away."""
    if () in paths or not isinstance(value, dict | list):
        return value
    below: Callable[[Any], list[tuple[Any, ...]]] = lambda part: [path[1:] for path in paths if path[0] == part]  # noqa: E731
    if isinstance(value, dict):
        return {name: keep(item, below(name)) for name, item in value.items() if below(name)}
    return [keep(item, below(index)) for index, item in enumerate(value) if below(index)]


@given(claims=st.dictionaries(st.sampled_from("abc"), CLAIM, max_size=3), paths=st.lists(PATH, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None)
def test_what_a_wallet_discloses_satisfies_the_verifier(claims: dict[str, Any], paths: list[list[Any]]) -> None:
    asked = query(entry(*paths))
    found = dcql.match(asked, [held(claims=claims)])
    if not found.satisfiable:
        with pytest.raises(IdError):
            dcql.check_answer(asked, {"a": [view(claims)]})
        return
    concrete = list(found.first_selection()["a"].concrete)
    shown = {path[:length] for path in concrete for length in range(1, len(path) + 1)}
    dcql.check_answer(asked, {"a": [view(keep(claims, concrete), *sorted(shown, key=str))]})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "credentials",
                        "credential_sets",
                        "id",
                        "format",
                        "meta",
                        "claims",
                        "path",
                        "values",
                        "options",
                        "vct_values",
                        "claim_sets",
                    ]
                ),
                inner,
                max_size=5,
            )
        ),
        max_leaves=20,
    )
)
@settings(max_examples=300, deadline=None)
def test_parser_raises_only_our_errors(value: Any) -> None:
    try:
        dcql.parse_query(value)
    except dcql.DcqlInvalid as exc:
        assert exc.hint
