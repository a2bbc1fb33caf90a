"""The registrar API in process, with a staff of made-up people, for the tests of this room."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from did.signing import LocalSigner, Signer
from idservice import access, answers
from idservice.database import transaction
from idservice.registrar import routes
from idservice.service import Service
from tests.factories import STAFF as SHARED

from .people import Applicant

STAFF: dict[str, tuple[tuple[str, ...], int]] = {
    "registrar": (("registrar",), 3),
    "registrar2": (("registrar",), 3),
    "approver": (("approver",), 3),
    "approver2": (("approver",), 3),
    "both": (("registrar", "approver"), 3),
    "auditor": (("auditor",), 3),
    "admin": (("admin",), 3),
    "viewer": (("registrar",), 1),
    "examiner": (("registrar", "approver"), 2),
    "untrained": (("registrar", "approver"), 0),
}

Reply = Any
"""An answer of the test client."""


class Office:
    """Talks to the routers of this room as any of `STAFF`, or as a resident."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.tokens: dict[str, str] = {}
        with transaction(service.engine) as db:
            for name, (roles, level) in STAFF.items():
                if name in SHARED:
                    self.tokens[name] = SHARED[name][1]
                    continue
                self.tokens[name] = secrets.token_urlsafe(24)
                access.add_staff(db, service, name=name, roles=roles, level=level, token=self.tokens[name])
            self.ids = {row.name: row.id for row in db.execute(select(access.staff_members))}
        app = FastAPI()
        answers.install(app, service)
        app.include_router(routes.public_router(service))
        app.include_router(routes.staff_router(service))
        self.app = app
        self.client = TestClient(app, base_url=service.base_url, raise_server_exceptions=False)

    @property
    def now(self) -> datetime:
        """The service's time."""
        return self.service.clock.now()

    def call(
        self, method: str, path: str, who: str | None = None, json: Any = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """Send one request; `who` is a name of `STAFF`."""
        sent = dict(headers or {})
        if who is not None:
            sent["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.client.request(method, path, json=json, headers=sent)

    def post(self, path: str, who: str, json: Any = None, *, expect: int = 200, key: str | None = None) -> Any:
        """POST as a member of staff and return the JSON of the expected answer."""
        headers = {} if key is None else {"Idempotency-Key": key}
        reply = self.call("POST", path, who, {} if json is None else json, headers)
        assert reply.status_code == expect, (path, reply.status_code, reply.text)
        return reply.json()

    def get(self, path: str, who: str, *, expect: int = 200) -> Any:
        """GET as a member of staff and return the JSON of the expected answer."""
        reply = self.call("GET", path, who)
        assert reply.status_code == expect, (path, reply.status_code, reply.text)
        return reply.json()

    # Residents

    def apply(self, form: dict[str, Any] | None = None, **changes: Any) -> tuple[Applicant, str]:
        """Send an application of a new applicant; return the applicant and the case number."""
        applicant = Applicant(self.service.base_url)
        sent = {"application": applicant.application(self.now, form, **changes)}
        reply = self.call("POST", "/v1/applications", json=sent)
        assert reply.status_code == 201, reply.text
        applicant.id = reply.json()["id"]
        return applicant, reply.json()["number"]

    def resident(
        self, applicant: Applicant, method: str, path: str, *, by: Signer | None = None, json: Any = None
    ) -> Reply:
        """Send a resident's request with a DPoP proof by the auth key, or by another signer."""
        headers = {"DPoP": applicant.proof(self.now, method, path, by=by)}
        return self.call(method, path, json=json, headers=headers)

    def follow(self, applicant: Applicant) -> dict[str, Any]:
        """Return what the applicant sees."""
        reply = self.resident(applicant, "GET", f"/v1/applications/{applicant.id}")
        assert reply.status_code == 200, reply.text
        seen: dict[str, Any] = reply.json()
        return seen

    def freeze(self, applicant: Applicant, *, by: Signer | None = None) -> Reply:
        """Freeze as the resident."""
        return self.resident(applicant, "POST", f"/v1/applications/{applicant.id}/freeze", by=by, json={})

    def by_sign_key(self, applicant: Applicant) -> Signer:
        """Return a signer with the applicant's other key."""
        return LocalSigner(applicant.sign)

    # Officers

    def examine(self, number: str, *, receipt: str | None = None) -> None:
        """Pay and check a case."""
        self.post(f"/v1/cases/{number}/payment", "registrar", {"receipt": receipt or f"P-{number}"})
        self.post(f"/v1/cases/{number}/checks", "registrar")

    def propose(
        self, number: str, action: str, who: str = "registrar", *, reason: str | None = None, **data: Any
    ) -> dict[str, Any]:
        """Propose an act and return id and content_hash."""
        body: dict[str, Any] = {"action": action, "data": data}
        if reason is not None:
            body["reason"] = reason
        made: dict[str, Any] = self.post(f"/v1/cases/{number}/proposals", who, body, expect=201)
        return made

    def decide(self, proposal: Mapping[str, Any], who: str = "approver", decision: str = "approve") -> Reply:
        """Decide a proposal over the content hash it came with."""
        body = {"decision": decision, "content_hash": proposal["content_hash"]}
        return self.call("POST", f"/v1/proposals/{proposal['id']}/decision", who, body)

    def approved(self, form: dict[str, Any] | None = None) -> tuple[Applicant, str]:
        """Take a new application up to `approved`."""
        applicant, number = self.apply(form)
        self.examine(number)
        reply = self.decide(self.propose(number, "approve"))
        assert (reply.status_code, reply.json()["state"]) == (200, "approved"), reply.text
        return applicant, number

    def release(self, number: str) -> dict[str, Any]:
        """Release the offer of an approved case."""
        body = {"identity_checked": True, "document_seen": "passport KB1234567"}
        released: dict[str, Any] = self.post(f"/v1/cases/{number}/offer", "registrar", body, expect=201)
        return released

    def state(self, number: str) -> str:
        """Return the state of a case as an officer sees it."""
        return str(self.get(f"/v1/cases/{number}", "registrar")["state"])

    def checks(self, number: str, who: str = "registrar") -> dict[str, dict[str, Any]]:
        """Return the results in force by name."""
        return {check["name"]: check for check in self.get(f"/v1/cases/{number}", who)["checks"]}

    def audit(self, **filters: str) -> list[dict[str, Any]]:
        """Return the audit trail as the auditor reads it."""
        listed: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        while True:
            query = "&".join(f"{name}={value}" for name, value in {**filters, **after}.items())
            page = self.get(f"/v1/audit?limit=100&{query}", "auditor")
            listed += page["rows"]
            if page["next"] is None:
                return listed
            after = {"after": page["next"]}
