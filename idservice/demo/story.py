"""The story of first light, told while it happens: S01, S02, S03 and S05 with the real parts.

Every line that says what happened is printed after it did; every decision is compared with what it
has to be, and the story ends with exit code 0 only if each was.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from idservice.demo.people import Bank, Office, Resident
from idservice.demo.stage import Ran, Stage

LOGIN_CLAIMS: Final = ("personal_administrative_number", "family_name", "given_name", "birthdate", "assurance_level")


class StoryBroke(Exception):
    """Something did not go as it has to; the message says what was expected and what came."""


@dataclass
class Story:
    """Tells and checks; `decisions` counts what was compared."""

    say: Callable[[str], None]
    decisions: int = 0
    told: list[str] = field(default_factory=list)

    def chapter(self, title: str) -> None:
        self.say(f"\n{title}\n{'-' * len(title)}")

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Compare one decision with what it has to be, and tell it."""
        if found != wanted:
            raise StoryBroke(f"{what}: expected {wanted!r}, found {found!r}")
        self.decisions += 1
        self.told.append(what)
        self.say(f"  ok  {what}")

    def ran(self, what: str, ran: Ran, *, exit_code: int = 0, code: str | None = None) -> Ran:
        """Compare how a command ended with how it has to end."""
        if (ran.exit_code, ran.code) != (exit_code, code):
            printed = (ran.stderr + ran.stdout).strip()
            raise StoryBroke(f"{what}: exit {ran.exit_code} ({ran.code}), expected {exit_code} ({code})\n{printed}")
        self.expect(what, ran.exit_code, exit_code)
        return ran


def tell(stage: Stage, say: Callable[[str], None]) -> Story:
    """Play the whole story on a running stage. Raises StoryBroke."""
    story = Story(say)
    maria, office, bank = Resident(stage, "maria"), Office(stage), Bank(stage)
    number = apply_and_approve(story, maria, office)
    collect(story, maria, office, number)
    log_in(story, maria, bank)
    suspend_and_revoke(story, maria, office, bank, number)
    return story


def apply_and_approve(story: Story, maria: Resident, office: Office) -> str:
    """S01: an application, its checks, and two officers over one case."""
    story.chapter("Maria applies for e-residency (S01)")
    story.ran("Maria makes a wallet; it pins the service's list of who may issue and who may ask", maria.start())
    story.ran("Her wallet makes two keys, signs the form and sends it", maria.apply())
    number = str(maria.application["number"])
    story.say(f"      Her case is {number}. Her PINs were shown once; the service never sees them.")
    status, _ = office.post("registrar", f"/v1/cases/{number}/payment", {"receipt": "R-2026-0017"})
    story.expect("The fee is entered", status, 200)
    status, checked = office.post("registrar", f"/v1/cases/{number}/checks", {})
    story.expect("The checks run, each with its source and time", status, 200)
    for check in checked["checks"]:
        story.say(f"        {check['result']:<8} {check['name']}")
    status, proposal = office.propose("registrar", number, "approve")
    story.expect("A registrar proposes to approve exactly this content", status, 201)
    status, refused = office.decide("registrar", proposal)
    story.expect("The same registrar cannot also decide", (status, refused["code"]), (403, "four_eyes_required"))
    status, _ = office.decide("approver", proposal)
    story.expect("A second officer approves the same fingerprint", status, 200)
    story.ran("Maria follows her case", maria.type("status"))
    return number


def collect(story: Story, maria: Resident, office: Office, number: str) -> None:
    """S02: pick-up with a one-time offer, bound to Maria's key and a code on paper."""
    story.chapter("She collects it at the counter (S02)")
    pick_up = {"identity_checked": True, "document_seen": "passport"}
    status, offer = office.post("registrar", f"/v1/cases/{number}/offer", pick_up)
    story.expect("The officer compares passport and person, and releases a one-time offer", status, 201)
    thief = Resident(maria.stage, "thief")
    thief.start()
    story.expect(
        "Somebody else with the offer and its code gets nothing",
        thief.receive(offer["offer"], offer["tx_code"]).exit_code != 0,
        True,
    )
    wrong = f"{(int(offer['tx_code']) + 1) % 1_000_000:06d}"
    story.ran(
        "A wrong code from the slip is refused", maria.receive(offer["offer"], wrong), exit_code=1, code="tx_code_wrong"
    )
    received = story.ran(
        "With the right code her wallet collects, checks and stores", maria.receive(offer["offer"], offer["tx_code"])
    )
    got = {item["type"]: item["copies"] for item in received.json["received"]}
    story.expect(
        "Ten copies of e-residency, each with a key of its own, and one for signing",
        got,
        {"e-residency": 10, "signing": 1},
    )
    again = maria.receive(offer["offer"], offer["tx_code"])
    story.expect("The offer is spent", again.exit_code != 0, True)
    _, case = office.get("registrar", f"/v1/cases/{number}")
    story.expect("Her case is active", case["state"], "active")


def consent_to_login(bank: Bank) -> dict[str, Any]:
    """What Maria would type `yes` to: this bank, this purpose, these claims and no other."""
    return {"verifier": bank.did, "purpose": "login", "claims": {"e-residency": list(LOGIN_CLAIMS)}}


def log_in(story: Story, maria: Resident, bank: Bank) -> None:
    """S03: five claims, a PIN, and nothing else."""
    story.chapter("She logs in at a bank (S03)")
    request = bank.ask("login")
    story.ran(
        "Without her yes nothing leaves the wallet",
        maria.present(request["request"], None),
        exit_code=2,
        code="malformed",
    )
    story.ran(
        "A consent for less than what is asked is a no",
        maria.present(request["request"], {**consent_to_login(bank), "claims": {"e-residency": ["family_name"]}}),
        exit_code=3,
        code="access_denied",
    )
    request = bank.ask("login")
    story.ran("She says yes to five claims", maria.present(request["request"], consent_to_login(bank)))
    result = bank.result(request)
    story.expect("The bank's verdict is valid", result["verdict"]["verdict"], "valid")
    [claims] = next(iter(result["claims"].values()))
    story.expect("The bank has seen exactly five claims", sorted(claims), sorted(LOGIN_CLAIMS))
    for name in LOGIN_CLAIMS:
        story.say(f"        seen    {name} = {claims[name]}")
    hidden = "nationalities, document number, e-mail, dates of issue and expiry"
    story.say(f"        hidden  {hidden}")
    copies = maria.type("list").json["credentials"]
    left = next(item["copies"] for item in copies if item["type"] == "e-residency")
    story.expect("The copy she showed is used up, and the wallet has refilled quietly", left >= 9, True)
    replay = maria.present(request["request"], consent_to_login(bank))
    story.expect("The same request cannot be answered twice", replay.exit_code != 0, True)


def refused_login(story: Story, maria: Resident, bank: Bank, code: str, what: str) -> None:
    """A login that the bank has to refuse, with its reason."""
    request = bank.ask("login")
    maria.present(request["request"], consent_to_login(bank))
    result = bank.result(request)
    story.expect(what, (result["verdict"]["verdict"], result["verdict"]["code"]), ("invalid", code))
    failed = next(check for check in result["verdict"]["checks"] if check["outcome"] == "failed")
    story.say(f"        {failed['name']}: {failed['detail']}")
    story.say(f"        next: {failed['hint']}")
    story.expect("No claim was released with it", not result["claims"], True)


def suspend_and_revoke(story: Story, maria: Resident, office: Office, bank: Bank, number: str) -> None:
    """S05: freeze by the holder, reinstatement by two officers, and the end by two officers."""
    story.chapter("Her bag is stolen; later she moves on (S05)")
    story.ran("Maria freezes her e-residency from the wallet", maria.type("freeze"))
    refused_login(story, maria, bank, "credential_suspended", "The bank refuses a suspended login")
    back = {"reason": "Found again", "data": {"identity_checked": True, "document_seen": "passport"}}
    status, proposal = office.propose("registrar", number, "reinstate", **back)
    story.expect("She comes to the counter; an officer proposes to lift it", status, 201)
    status, _ = office.decide("approver", proposal)
    story.expect("A second officer lifts it", status, 200)
    request = bank.ask("login")
    story.ran("She logs in again", maria.present(request["request"], consent_to_login(bank)))
    story.expect("The bank lets her in", bank.result(request)["verdict"]["verdict"], "valid")
    status, proposal = office.propose("registrar", number, "revoke", reason="holder_request")
    story.expect("On her wish an officer proposes to revoke", status, 201)
    status, _ = office.decide("approver", proposal)
    story.expect("A second officer revokes", status, 200)
    refused_login(story, maria, bank, "credential_revoked", "The bank refuses a revoked login")
    status, _ = office.propose("registrar", number, "reinstate", **back)
    story.expect("Nobody can undo a revocation", status in (403, 409), True)
