"""`POST /v1/verify`: an agency has a credential or presentation in hand and asks what it is worth.

Nothing is written down and nothing is kept. One body may bring many under `items`: the cost of a request is then
paid once for all of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from credentials.errors import ProtocolError
from credentials.openid.dcql import Query, parse_query
from credentials.trust import TrustPolicy
from credentials.verdict import Verdict
from credentials.verify import Expected, FetchedStatusList, StatusSource, verify, verify_credential, verify_vp_token
from did.encoding import json_object
from did.methods.base import Fetch
from idservice.problems import Refused

MAX_ITEMS = 200
_MEMBERS = frozenset({"credential", "presentation", "nonce", "audience", "dcql_query"})
_NEEDED = "Send {credential} or {presentation, nonce, audience}, dcql_query with a presentation if you like."


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing to judge: a bare `credential`, or a `presentation` with what it must answer."""

    credential: str | None = None
    presentation: str | Mapping[str, Any] | None = None
    nonce: str | None = None
    audience: str | None = None
    query: Query | None = None


class ReadOnce:
    """A status source that reads each list once: a batch is judged at one moment, mostly against one list."""

    def __init__(self, source: StatusSource) -> None:
        self._source = source
        self._read: dict[str, FetchedStatusList] = {}

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the list at `uri`; one that could not be had is asked for again."""
        found = self._read.get(uri)
        if found is None:
            found = self._read[uri] = self._source.get(uri, now=now)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What judging needs from the world, the same for every item of a request."""

    policy: TrustPolicy
    fetch: Fetch
    statuses: StatusSource
    now: datetime

    def judge(self, item: Item) -> Verdict:
        """Return the verdict on one item. Never raises for what the item holds."""
        world: dict[str, Any] = {
            "policy": self.policy,
            "fetch": self.fetch,
            "statuses": self.statuses,
            "now": self.now,
        }
        if item.credential is not None:
            return verify_credential(item.credential, **world)
        expected = Expected(nonce=item.nonce, audience=item.audience, query=item.query)
        if isinstance(item.presentation, Mapping) and item.query is not None:
            return verify_vp_token(item.presentation, expected=expected, **world)
        return verify(item.presentation or "", expected=expected, **world)


def read_items(body: bytes) -> tuple[list[Item], bool]:
    """Return the items of a request body and whether they came as a batch.

    Raises Refused or Malformed (`malformed`), naming the member and, in a batch, the place.
    """
    members = json_object(body)
    if "items" not in members:
        return [_item(members, "")], False
    listed = members["items"]
    if len(members) != 1 or not isinstance(listed, list) or not 1 <= len(listed) <= MAX_ITEMS:
        raise Refused("malformed", f"items is a list of 1 to {MAX_ITEMS} objects, and nothing is beside it")
    return [_item(one, f"items[{place}]: ") for place, one in enumerate(listed)], True


def _item(members: object, place: str) -> Item:
    if not isinstance(members, dict) or not members.keys() <= _MEMBERS:
        raise Refused("malformed", f"{place}not an object with the members of this call", hint=_NEEDED)
    credential, presentation = members.get("credential"), members.get("presentation")
    if (credential is None) == (presentation is None):
        raise Refused("malformed", f"{place}exactly one of credential and presentation is due", hint=_NEEDED)
    if credential is not None:
        if len(members) != 1 or not isinstance(credential, str):
            raise Refused("malformed", f"{place}a credential is a string and stands alone", hint=_NEEDED)
        return Item(credential=credential)
    nonce, audience = members.get("nonce"), members.get("audience")
    if not (isinstance(nonce, str) and nonce and isinstance(audience, str) and audience):
        hint = "Give the nonce and audience that you asked with; never those that stand in the presentation."
        raise Refused("malformed", f"{place}a presentation needs nonce and audience", hint=hint)
    if not isinstance(presentation, str | dict):
        raise Refused("malformed", f"{place}a presentation is a string or an object", hint=_NEEDED)
    query = _query(members["dcql_query"], place) if "dcql_query" in members else None
    if isinstance(presentation, dict) and query is None:
        raise Refused("malformed", f"{place}an object of presentations answers a dcql_query, which is missing")
    return Item(presentation=presentation, nonce=nonce, audience=audience, query=query)


def _query(value: object, place: str) -> Query:
    try:
        return parse_query(value)
    except ProtocolError as wrong:
        raise Refused(
            "malformed", f"{place}dcql_query: {wrong.detail}", hint="See OpenID4VP 1.0, section 6."
        ) from wrong
