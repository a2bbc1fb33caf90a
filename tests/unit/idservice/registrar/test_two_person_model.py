"""Roles x acts x orders against a model of the two-person rule (T73, T74).

Hypothesis draws who does what in which order; a few lines of model say what must come of it. The
service may never do more, nor less, and no effect may ever have one officer behind it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from idservice.registrar.matrix import ACTS
from idservice.registrar.proposals import ACTIONS

from .issued import collect
from .office import STAFF, Office
from .people import Applicant, another

WHO = st.sampled_from(["registrar", "registrar2", "approver", "approver2", "both", "auditor", "admin", "examiner"])
GOALS = ["approve"] * 6 + ["reinstate"] * 3 + ["release", "extend", "refuse", "revoke"]
REASONS = {"refuse": "no_answer", "revoke": "death", "reinstate": "Seen in person", "extend": "Queue"}
DATA: dict[str, dict[str, Any]] = {"reinstate": {"identity_checked": True}, "extend": {"days": 7}}

EXAMINED = {"submitted", "paid", "checks"}
UNDECIDED = EXAMINED | {"info_requested"}
HOLDING = {"approved", "ready", "active", "suspended"}

MAY_PROPOSE = {
    "approve": {"checks"},
    "refuse": UNDECIDED,
    "extend": UNDECIDED,
    "revoke": HOLDING,
    "reinstate": {"suspended"},
}


@dataclass
class Model:
    """What the rule says must be true of the one case at hand."""

    state: str = "submitted"
    paid: bool = False
    collected: bool = False
    author: str | None = None
    action: str = ""
    proposal: dict[str, Any] = field(default_factory=dict)
    done: list[tuple[str, str, str]] = field(default_factory=list)

    def edit(self) -> None:
        """Void the open proposal."""
        self.author = None


def may(who: str, act: str) -> bool:
    """Whether the matrix lets this person do this."""
    roles, level = STAFF[who]
    return bool(ACTS[act].roles & set(roles)) and level >= ACTS[act].level


def machine(office: Office, effects: Counter[str]) -> type[RuleBasedStateMachine]:
    """Return the state machine over one office; each run opens a new case in it."""
    people = iter(range(100_000))

    class TwoPersons(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.model = Model()
            person = {**another(next(people)), "fee_receipt": None}
            self.applicant: Applicant
            self.applicant, self.number = office.apply({k: v for k, v in person.items() if v is not None})

        def post(self, act: str, who: str, body: Any, *, possible: bool) -> bool:
            """Send a staff POST and compare it with what the model says; return whether it was done."""
            path = act.split(" ")[1].replace("{number}", self.number)
            reply = office.call("POST", path, who, body)
            if not may(who, act):
                assert (reply.status_code, reply.json()["code"]) == (403, "role_missing"), reply.text
                return False
            assert (reply.status_code < 300) == possible, (act, who, self.model, reply.text)
            if not possible:
                assert reply.json()["code"] in ("conflict", "policy_not_met"), reply.text
            return possible

        @rule(who=WHO)
        def pay(self, who: str) -> None:
            body = {"receipt": f"P-{self.number}"}
            if self.post("POST /v1/cases/{number}/payment", who, body, possible=self.model.state in UNDECIDED):
                self.model.paid = True
                self.model.state = "paid" if self.model.state == "submitted" else self.model.state
                self.model.edit()

        @rule(who=WHO)
        def check(self, who: str) -> None:
            if self.post("POST /v1/cases/{number}/checks", who, {}, possible=self.model.state in EXAMINED):
                self.model.state = "checks"
                self.model.edit()

        @rule(who=WHO)
        def ask(self, who: str) -> None:
            possible = self.model.state in EXAMINED
            if self.post("POST /v1/cases/{number}/question", who, {"question": "Why?"}, possible=possible):
                self.model.state = "info_requested"
                self.model.edit()

        @precondition(lambda self: self.model.state == "info_requested")
        @rule()
        def answer(self) -> None:
            text = self.applicant.application(office.now, another(next(people)))
            path = f"/v1/applications/{self.applicant.id}/answer"
            assert office.call("POST", path, json={"application": text}).status_code == 200
            self.model.state = "checks"
            self.model.edit()

        @rule(who=WHO, action=st.sampled_from(sorted(ACTIONS)))
        def propose(self, who: str, action: str) -> None:
            body = {"action": action, "reason": REASONS.get(action), "data": DATA.get(action, {})}
            body = {name: value for name, value in body.items() if value is not None}
            possible = self.model.state in MAY_PROPOSE[action] and self.model.author is None
            possible = possible and (action != "approve" or self.model.paid)
            if not self.post("POST /v1/cases/{number}/proposals", who, body, possible=possible):
                return
            listed = office.get(f"/v1/cases/{self.number}", "registrar")["proposals"]
            self.model.proposal = next(row for row in listed if row["state"] == "open")
            self.model.author, self.model.action = who, action

        @precondition(lambda self: bool(self.model.proposal))
        @rule(who=WHO, decision=st.sampled_from(["approve", "refuse", "send_back"]), stale=st.booleans())
        def decide(self, who: str, decision: str, stale: bool) -> None:
            model = self.model
            seen = {**model.proposal, "content_hash": "A" * 43} if stale else model.proposal
            reply = office.decide(seen, who=who, decision=decision)
            author = f"staff:{office.ids[who]}" == model.proposal["author"]
            fits = decision != "approve" or model.state in MAY_PROPOSE.get(model.action, set())
            if author:
                assert reply.json()["code"] == "four_eyes_required", reply.text
            elif not may(who, "POST /v1/proposals/{id}/decision"):
                assert reply.json()["code"] == "role_missing", reply.text
            elif model.author is None or stale or not fits:
                assert reply.json()["code"] == "conflict", reply.text
            else:
                assert reply.status_code == 200, (reply.text, model)
                self.decided(who, decision)

        def decided(self, who: str, decision: str) -> None:
            model = self.model
            if decision == "approve":
                assert model.author is not None
                model.done.append((model.action, model.author, who))
                back = "active" if model.collected else "approved"
                to = {"approve": "approved", "refuse": "refused", "revoke": "revoked", "reinstate": back}
                model.state = to.get(model.action, model.state)
            model.edit()

        @rule(who=WHO)
        def release(self, who: str) -> None:
            body = {"identity_checked": True, "document_seen": "passport"}
            possible = self.model.state in ("approved", "ready")
            if self.post("POST /v1/cases/{number}/offer", who, body, possible=possible):
                self.model.state = "ready"

        @precondition(lambda self: self.model.state == "ready")
        @rule()
        def collect(self) -> None:
            collect(office, self.number)
            self.model.state, self.model.collected = "active", True

        @rule(who=WHO)
        def suspend(self, who: str) -> None:
            possible = self.model.state in HOLDING
            if self.post("POST /v1/cases/{number}/suspend", who, {"reason": "why"}, possible=possible):
                self.model.state = "suspended"

        @rule()
        def freeze(self) -> None:
            possible = self.model.state in HOLDING
            reply = office.freeze(self.applicant)
            assert reply.status_code == (200 if possible else 409), reply.text
            if possible:
                self.model.state = "suspended"

        @precondition(lambda self: self.model.done and len(self.model.done) > 2)
        @rule()
        def revoke_own(self) -> None:
            path = f"/v1/applications/{self.applicant.id}/revoke"
            reply = office.resident(self.applicant, "POST", path, json={})
            if self.model.state in HOLDING | {"revoked"}:
                assert reply.json() == {"state": "revoked"}
                self.model.state = "revoked"
                self.model.edit()

        @rule(goals=st.lists(st.sampled_from(GOALS), min_size=1, max_size=8))
        def go_on(self, goals: list[str]) -> None:
            """Do what leads towards a goal, by who may do it: else random walks seldom get beyond the first steps."""
            for goal in goals:
                self.step(goal)

        def step(self, goal: str) -> None:
            model = self.model
            if model.author is not None:
                self.decide("approver" if model.author != "approver" else "approver2", "approve", False)
            elif model.state in MAY_PROPOSE.get(goal, set()) and (goal != "approve" or model.paid):
                self.propose("both", goal)
            elif model.state in UNDECIDED and not model.paid:
                self.pay("registrar")
            elif model.state in EXAMINED:
                self.check("registrar2")
            elif goal == "release" and model.state in ("approved", "ready"):
                self.release("registrar")
            elif goal == "reinstate" and model.state in HOLDING:
                self.suspend("registrar")

        @invariant()
        def the_case_is_where_the_model_is(self) -> None:
            assert office.follow(self.applicant)["state"] == self.model.state

        def teardown(self) -> None:
            """See that behind every effect in the trail stand two officers with the right roles."""
            name_of = {f"staff:{staff_id}": name for name, staff_id in office.ids.items()}
            rows = office.audit(case=self.number, act="proposal.decided")
            approvals = [row for row in rows if row["data"]["decision"] == "approve"]
            found = [
                (row["data"]["action"], name_of[row["data"]["author"]], name_of[row["actor"]]) for row in approvals
            ]
            assert sorted(found) == sorted(self.model.done)
            effects.update(action for action, _, _ in found)
            for _, author, decider in found:
                assert author != decider
                assert may(author, "POST /v1/cases/{number}/proposals")
                assert may(decider, "POST /v1/proposals/{id}/decision")

    return TwoPersons


def test_T74_whoever_tries_what_in_whatever_order(office: Office) -> None:
    effects: Counter[str] = Counter()
    run_state_machine_as_test(
        machine(office, effects),
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert set(effects) == set(ACTIONS), f"the walks did not reach every effect: {effects}"
