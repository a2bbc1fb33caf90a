"""Every refusal's HTTP face: the table of house codes, and the only place that knows statuses (contract.md 8).

`ProtocolError` becomes the OAuth shape of its standard, as does any other error on a standard's own endpoint;
everything else becomes `application/problem+json` (RFC 9457) with `type` (`{BASE}/help/errors/{code}`), `title`,
`status`, `detail`, `code`, `hint` and `id`.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from credentials.errors import ProtocolError
from credentials.openid.wire import build_error
from did.errors import IdError

PROBLEM_TYPE = "application/problem+json"
STANDARD_PATHS = ("/vci/", "/vp/")
"""Endpoints of standards: every error there has the OAuth shape, and the rooms parse the bodies themselves."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One house code: HTTP status on `/v1`, the title of its page, the usual next step, the standards' code."""

    status: int
    title: str
    hint: str
    oauth: str = "invalid_request"


PROBLEMS: Mapping[str, Kind] = {
    "malformed": Kind(400, "The request could not be read", "Correct what the detail names and send it again."),
    "unauthenticated": Kind(
        401, "Who is calling is not known", "Send a valid token: Authorization: Bearer <token>.", "invalid_token"
    ),
    "media_type_unsupported": Kind(415, "The content type is not accepted here", "Send UTF-8 application/json."),
    "unavailable": Kind(
        503, "A part of the service cannot be reached", "Try again in a minute.", "temporarily_unavailable"
    ),
    "too_large": Kind(413, "The request is too large", "Send at most 1 MiB."),
    "rate_limited": Kind(
        429, "Too many tries", "Wait as long as Retry-After says, then try again.", "temporarily_unavailable"
    ),
    "not_found": Kind(404, "There is nothing here for you", "Check the address or the identifier."),
    "conflict": Kind(
        409,
        "This does not fit the present state",
        "Read the object again and decide anew.",
        "credential_request_denied",
    ),
    "role_missing": Kind(403, "Your role does not allow this", "Ask a person who has the role."),
    "four_eyes_required": Kind(403, "A second person must do this", "Ask another officer to decide."),
    "offer_expired": Kind(410, "The offer is over", "Ask the issuer for a new offer.", "invalid_grant"),
    "request_expired": Kind(410, "The request is over", "Ask the verifier to start again."),
    "tx_code_wrong": Kind(
        400, "The transaction code is wrong", "Type the code you were given; five tries in all.", "invalid_grant"
    ),
    "request_replayed": Kind(409, "This was used before", "Start again with a new request."),
    "nonce_mismatch": Kind(
        400, "The nonce is not the one asked for", "Fetch a new nonce and prove again.", "invalid_nonce"
    ),
    "holder_binding_invalid": Kind(
        403, "The key is not the holder's", "Use the wallet that holds the key.", "invalid_proof"
    ),
    "signature_invalid": Kind(400, "A signature does not verify", "Ask the holder for an unchanged copy."),
    "disclosure_invalid": Kind(400, "A disclosure does not belong here", "Ask the holder to present again."),
    "algorithm_not_allowed": Kind(400, "The algorithm is not allowed", "Use ES256."),
    "type_unexpected": Kind(400, "This is another type than expected", "Present the type that was asked for."),
    "audience_mismatch": Kind(400, "This was made for another receiver", "Present to the verifier that asked."),
    "transaction_mismatch": Kind(400, "The transaction data differ", "Start the transaction again."),
    "claim_missing": Kind(400, "A claim that was asked for is missing", "Present every claim of the request."),
    "claim_unrequested": Kind(400, "More was shown than asked", "Present only what was asked."),
    "query_unsatisfied": Kind(400, "The query is not satisfied", "Present what the query asks for."),
    "issuer_untrusted": Kind(400, "The issuer is not trusted for this type", "See the list of trusted issuers."),
    "verifier_untrusted": Kind(403, "The verifier is not registered", "Do not share; report the request."),
    "issuer_key_unresolvable": Kind(400, "The issuer's key could not be found", "Try again later."),
    "credential_expired": Kind(400, "The credential has expired", "Refresh it in the wallet."),
    "credential_not_yet_valid": Kind(400, "The credential is not valid yet", "Wait until it begins."),
    "credential_revoked": Kind(400, "The credential was revoked", "Ask its issuer why."),
    "credential_suspended": Kind(400, "The credential is suspended", "Ask its issuer to lift the suspension."),
    "status_invalid": Kind(400, "The status of the credential cannot be relied on", "Ask the issuer."),
    "status_unavailable": Kind(503, "The status of the credential is not known", "Try again in a few minutes."),
    "access_denied": Kind(403, "The request was refused", "Nothing was shared.", "access_denied"),
    "over_asking": Kind(422, "More is asked than the purpose allows", "Ask only for the registered claims."),
    "policy_not_met": Kind(422, "A rule is not met", "The detail names the rule.", "credential_request_denied"),
    "duplicate_nullifier": Kind(
        409, "This was already done once", "It can be done only once.", "credential_request_denied"
    ),
    "personal_code_invalid": Kind(422, "The personal code is not valid", "Check the eleven digits."),
    "internal": Kind(500, "The service failed", "Report the id of this answer to the operator.", "server_error"),
}
"""House codes of contract.md 8. `internal` is the one for our own mistakes: it says nothing about them."""


class Refused(IdError):
    """A refusal with a house code from `PROBLEMS`.

    `hint` defaults to the code's own. `retry_after` (seconds) becomes the header. `after` runs once the request's
    transaction is rolled back, in a thread: what must outlive the refusal (a count of misses) opens its own there.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        hint: str = "",
        retry_after: int | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(detail, hint=hint or PROBLEMS[code].hint)
        # In the instance's own dictionary: for every other error the code belongs to the class.
        self.__dict__["code"] = code
        self.retry_after = retry_after
        self.after = after


PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail", "code", "hint", "id"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "hint": {"type": "string"},
        "id": {"type": "string"},
    },
}


def problem(base_url: str, request_id: str, *, code: str, detail: str, hint: str, status: int) -> dict[str, Any]:
    """Return the members of one problem document."""
    return {
        "type": f"{base_url}/help/errors/{code}",
        "title": PROBLEMS[code].title if code in PROBLEMS else code.replace("_", " "),
        "status": status,
        "detail": detail,
        "code": code,
        "hint": hint or hint_of(code),
        "id": request_id,
    }


def rendered(
    base_url: str, path: str, request_id: str, *, code: str, detail: str, hint: str, status: int
) -> tuple[bytes, str]:
    """Return body and media type of a refusal: OAuth JSON on a standard's endpoint, else a problem document."""
    if path.startswith(STANDARD_PATHS):
        oauth = PROBLEMS[code].oauth if code in PROBLEMS else "invalid_request"
        return build_error(ProtocolError(oauth, detail, code=code)), "application/json"
    body = problem(base_url, request_id, code=code, detail=detail, hint=hint, status=status)
    return json.dumps(body, ensure_ascii=False).encode(), PROBLEM_TYPE


def hint_of(code: str) -> str:
    """Return the usual next step after a house code."""
    return PROBLEMS[code].hint if code in PROBLEMS else "Read the detail and correct what it names."


def status_of(code: str) -> int:
    """Return the HTTP status of a house code on `/v1`; 400 for one that only verdicts know."""
    return PROBLEMS[code].status if code in PROBLEMS else 400
