"""The made-up people of the story, and what each of them types."""

import json
import os
from pathlib import Path
from secrets import token_urlsafe
from typing import Any, Final

from idservice.demo.stage import Ran, Stage

FORM: Final[dict[str, Any]] = {
    "family_name": "Tamm",
    "given_name": "Maria Lúcia",
    "birthdate": "1988-05-28",
    "nationalities": ["BR"],
    "document": {"number": "FX482913", "issuing_country": "BR", "date_of_expiry": "2031-03-01"},
    "purpose": "To run my design studio from abroad and to bank where my customers are.",
    "pick_up": "Embassy, Lisbon",
    "email": "maria@mail.example",
    "fee_receipt": "R-2026-0017",
    "sex": 2,
}


class Resident:
    """A person with a wallet: answers its questions from files that only this person can read."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage, self.name = stage, name
        self.secrets: dict[str, str] = {"passphrase": token_urlsafe(24)}
        self.application: dict[str, Any] = {}

    def type(self, *args: str, consent: dict[str, Any] | None = None) -> Ran:
        """Type a `wallet` command; no question is left open."""
        options = ["--secrets-file", str(self._private("secrets", self.secrets)), "--no-input"]
        if consent is not None:
            options += ["--consent-file", str(self._private("consent", consent))]
        return self.stage.wallet(self.name, *args, *options)

    def start(self) -> Ran:
        return self.type("init", "--service", self.stage.base_url, "--service-data", str(self.stage.data), "--dev")

    def apply(self, form: dict[str, Any] = FORM) -> Ran:
        """Apply for e-residency, and keep the PINs that the wallet shows this once."""
        ran = self.type("apply", "e-residency", "--form", str(self._private("form", form)))
        if ran.exit_code == 0:
            self.application = ran.json
            self.secrets.update(ran.json["pins"])
        return ran

    def receive(self, offer: str, tx_code: str | None = None) -> Ran:
        if tx_code is not None:
            self.secrets["tx_code"] = tx_code
        ran = self.type("receive", offer)
        self.secrets.pop("tx_code", None)
        return ran

    def present(self, request: str, consent: dict[str, Any] | None) -> Ran:
        return self.type("present", request, consent=consent)

    def _private(self, name: str, content: dict[str, Any]) -> Path:
        path = self.stage.folder / f"{self.name}-{name}.json"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(content, file)
        return path


class Office:
    """The registrars: each call is one officer's act over the staff API."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def post(self, officer: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self.stage.staff(officer) as client:
            answer = client.post(path, json=body)
        return answer.status_code, dict(answer.json())

    def get(self, officer: str, path: str) -> tuple[int, dict[str, Any]]:
        with self.stage.staff(officer) as client:
            answer = client.get(path)
        return answer.status_code, dict(answer.json())

    def propose(self, officer: str, number: str, action: str, **body: Any) -> tuple[int, dict[str, Any]]:
        return self.post(officer, f"/v1/cases/{number}/proposals", {"action": action, **body})

    def decide(self, officer: str, proposal: dict[str, Any], decision: str = "approve") -> tuple[int, dict[str, Any]]:
        body = {"decision": decision, "content_hash": proposal["content_hash"]}
        return self.post(officer, f"/v1/proposals/{proposal['id']}/decision", body)


class Bank:
    """An agency: asks for what its registered purpose allows and reads the verdict."""

    def __init__(self, stage: Stage, name: str = "bank") -> None:
        self.stage, self.name = stage, name

    @property
    def did(self) -> str:
        return str(self.stage.dev["agencies"][self.name]["did"])

    def ask(self, purpose: str = "login", **body: Any) -> dict[str, Any]:
        with self.stage.agency(self.name) as client:
            answer = client.post("/v1/presentation-requests", json={"purpose": purpose, "flow": "cross_device", **body})
        answer.raise_for_status()
        return dict(answer.json())

    def result(self, request: dict[str, Any]) -> dict[str, Any]:
        with self.stage.agency(self.name) as client:
            answer = client.get(f"/v1/presentation-requests/{request['id']}")
        answer.raise_for_status()
        return dict(answer.json())
