"""The transition table: what leads where, and what leads nowhere."""

import pytest

from idservice.problems import Refused
from idservice.registrar import reasons
from idservice.registrar.states import ENDED, HOLDING, STATES, TRANSITIONS, UNDECIDED, next_state


def test_every_state_of_the_table_is_a_state() -> None:
    named = {state for ways in TRANSITIONS.values() for pair in ways.items() for state in pair}
    assert named == set(STATES)


def test_nothing_leads_out_of_an_ended_case() -> None:
    assert not [act for act, ways in TRANSITIONS.items() if ENDED & set(ways)]


def test_every_state_is_undecided_holding_or_ended() -> None:
    assert set(STATES) == UNDECIDED | HOLDING | ENDED
    assert not UNDECIDED & HOLDING
    assert not HOLDING & ENDED


def test_T74_only_an_approval_leads_to_approved_and_only_from_checks() -> None:
    leading = {(act, state) for act, ways in TRANSITIONS.items() for state, to in ways.items() if to == "approved"}
    assert leading == {("approve", "checks"), ("reinstate_uncollected", "suspended")}


@pytest.mark.parametrize("act", sorted(TRANSITIONS))
@pytest.mark.parametrize("state", STATES)
def test_an_act_is_possible_exactly_where_the_table_says(act: str, state: str) -> None:
    if state in TRANSITIONS[act]:
        assert next_state(act, state) == TRANSITIONS[act][state]
        return
    with pytest.raises(Refused) as refusal:
        next_state(act, state)
    assert refusal.value.code == "conflict"
    assert state in refusal.value.detail


@pytest.mark.parametrize(("action", "table"), [("refuse", reasons.REFUSE), ("revoke", reasons.REVOKE)])
def test_a_legal_reason_comes_from_its_own_table(action: str, table: dict[str, str]) -> None:
    for code in table:
        assert reasons.legal_reason(action, code) == code
    others = (set(reasons.ALL) - set(table)) | {"on the UN list", ""}
    for code in others:
        with pytest.raises(Refused):
            reasons.legal_reason(action, code)
    with pytest.raises(Refused):
        reasons.legal_reason(action, None)


def test_every_reason_fits_its_column() -> None:
    assert max(len(code) for code in reasons.ALL) <= 40
