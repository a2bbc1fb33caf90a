"""What pages say of requests and verdicts."""

from typing import Any

import pytest

from credentials.verdict import STAGES
from idservice.access import Purpose
from idservice.service import Service
from idservice.verifier import explain
from idservice.verifier.presentation import State
from idservice.web.help_texts import HELP


def purpose(retention: str, **description: str) -> Purpose:
    return Purpose(
        name="loan",
        description=description or {"en": "Library card"},
        claims={},
        everything=False,
        retention=retention,
        query=None,
        transaction_data_types=frozenset(),
    )


def entry(service: Service, id: str, type_name: str, *paths: list[Any]) -> dict[str, Any]:
    meta = {"vct_values": [service.types.get(type_name).vct]}
    return {"id": id, "format": "dc+sd-jwt", "meta": meta, "claims": [{"path": path} for path in paths]}


def test_claims_are_shown_by_their_labels_and_what_is_not_asked_too(service: Service) -> None:
    query = {"credentials": [entry(service, "e", "e-residency", ["family_name"], ["nationalities", None])]}
    [group], not_asked = explain.asked(service, query, "en")
    assert group.type == "e-Residency"
    assert group.claims[0] == "Family name"
    assert "Given name" in not_asked
    assert not set(group.claims) & set(not_asked)
    assert len(not_asked) <= explain.MAX_NOT_ASKED


def test_labels_come_in_the_readers_language(service: Service) -> None:
    query = {"credentials": [entry(service, "e", "e-residency", ["family_name"])]}
    [group], _ = explain.asked(service, query, "et")
    assert group.claims[0] != "Family name"


def test_alternatives_and_wishes_are_marked(service: Service) -> None:
    query = {
        "credentials": [
            entry(service, "e", "e-residency", ["family_name"]),
            entry(service, "p", "pid", ["family_name"]),
            entry(service, "a", "age-over", ["age_equal_or_over", "18"]),
        ],
        "credential_sets": [{"options": [["e"], ["p"]]}, {"options": [["a"]], "required": False}],
    }
    groups, _ = explain.asked(service, query, "en")
    assert [group.note for group in groups] == ["or another of these", "or another of these", "if you have it"]


def test_an_unknown_type_is_shown_as_it_is(service: Service) -> None:
    meta = {"vct_values": ["https://elsewhere.example/card"]}
    query = {"credentials": [{"id": "x", "format": "dc+sd-jwt", "meta": meta, "claims": [{"path": ["a", None, "b"]}]}]}
    [group], not_asked = explain.asked(service, query, "en")
    assert (group.type, group.claims, not_asked) == ("https://elsewhere.example/card", ("a[].b",), [])


@pytest.mark.parametrize(
    ("retentions", "words"),
    [
        (["PT0S"], None),
        (["P0D"], None),
        (["P5Y"], "5 years"),
        (["P1Y6M"], "1 year, 6 months"),
        (["P30D", "P5Y", "PT0S"], "5 years"),
        (["PT36H"], "PT36H"),
        (["for ever"], "for ever"),
    ],
)
def test_how_long_data_are_kept_is_said_in_words(retentions: list[str], words: str | None) -> None:
    assert explain.retention_words([purpose(one) for one in retentions], "en") == words


def test_the_purpose_is_said_in_the_readers_language() -> None:
    found = [purpose("PT0S", en="Library card", et="Raamatukogukaart")]
    assert explain.purpose_words(found, "et") == "Raamatukogukaart"
    assert explain.purpose_words(found, "pt") == "Library card"


def test_every_check_and_every_state_has_words() -> None:
    assert set(STAGES) == set(explain.CHECKS)
    states: tuple[State, ...] = ("waiting", "opened", "answered", "refused", "expired", "done")
    assert set(states) == set(explain.STATE_WORDS)


def test_each_failure_is_named_once_by_its_help() -> None:
    failed = {"name": "status", "outcome": "failed", "code": "credential_revoked", "spec": "", "detail": "", "hint": ""}
    other = {**failed, "code": "credential_suspended"}
    verdict = {"verdict": "invalid", "checks": [failed, failed, other, {**failed, "code": "no_such_code"}]}
    assert explain.failures(verdict) == [
        {"code": code, "title": HELP[code].title} for code in ("credential_revoked", "credential_suspended")
    ]
