"""The status of a verified credential: which list, whose key, how fresh, what it says.

draft-ietf-oauth-status-list-20 section 8.3; reading a list is `status/token_status_list.py`, getting
its bytes the caller's `StatusSource`. Threat cases T35-T37.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from credentials.errors import (
    CredentialRevoked,
    CredentialSuspended,
    FetchFailed,
    StatusInvalid,
    StatusUnavailable,
)
from credentials.formats.base import Found, VerifiedCredential
from credentials.jose import UnverifiedJws
from credentials.status import token_status_list
from credentials.status.token_status_list import CheckedStatusList, StatusReference, parse_reference
from credentials.trust import TrustedIssuer, status_key_finder
from did.keys import PublicKey
from did.methods.base import Fetch

SPEC = "Token Status List section 8.3"
_MAX_KEPT = 16


@dataclass(frozen=True, slots=True)
class FetchedStatusList:
    """A status list token as it came, and when it was fetched (its own publication time for our own rows)."""

    token: str
    fetched_at: datetime


class StatusSource(Protocol):
    """Where status list tokens come from: rows, a cache, a guarded fetch."""

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Return the token published at `uri`. Raises StatusUnavailable or FetchFailed when there is none."""


class NoStatus:
    """A `StatusSource` that has no list: every credential that names one is undetermined."""

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """Raise StatusUnavailable."""
        raise StatusUnavailable(f"{uri} could not be read at {now:%H:%M} UTC: there is no source of status lists here")


def check_status(credential: VerifiedCredential, *, statuses: StatusSource, fetch: Fetch, now: datetime) -> Found:
    """Return what the status list says of a credential, when that is VALID.

    Raises CredentialRevoked, CredentialSuspended, StatusInvalid, or StatusUnavailable when nothing
    fresh could be had.
    """
    if credential.status_claim is None:
        return Found("the credential names no status list", "not_run")
    reference = parse_reference(credential.status_claim)
    try:
        fetched = statuses.get(reference.uri, now=now)
        checked = _checked_list(reference.uri, fetched, credential.issuer, fetch, now)
    except FetchFailed as exc:
        raise StatusUnavailable(f"the status list could not be read: {exc.detail}") from exc
    checked.ensure_fresh(now=now, fetched_at=fetched.fetched_at)
    where = _where(reference, now - fetched.fetched_at)
    value = checked.get(reference.index)
    if value == token_status_list.INVALID:
        raise CredentialRevoked(f"revoked, {where}")
    if value == token_status_list.SUSPENDED:
        raise CredentialSuspended(f"suspended, {where}")
    if value != token_status_list.VALID:
        raise StatusInvalid(f"status {value} has no meaning here, {where}")
    return Found(where)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A list whose signature was checked under `key`; `signed` is its token without the payload."""

    checked: CheckedStatusList
    signed: UnverifiedJws
    key: PublicKey


_kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
_lock = threading.Lock()


def _checked_list(
    uri: str, fetched: FetchedStatusList, issuer: TrustedIssuer, fetch: Fetch, now: datetime
) -> CheckedStatusList:
    """Return the list of a token; a token that was checked before is not read, verified and inflated again.

    Whose key it is, and whether that may still sign for this issuer, is asked each time.
    """
    find = status_key_finder(issuer, fetch=fetch, now=now)
    with _lock:
        kept = _kept.get((uri, fetched.token))
        if kept is not None:
            _kept.move_to_end((uri, fetched.token))
    if kept is not None and find(kept.signed) == kept.key:
        return kept.checked
    token = token_status_list.parse_token(fetched.token)
    key = find(token.jws)
    checked = token_status_list.check_token(token, uri=uri, key=key, now=now)
    with _lock:
        _kept[(uri, fetched.token)] = _Kept(
            checked, replace(token.jws, payload=b"", signing_input=b"", compact=""), key
        )
        while len(_kept) > _MAX_KEPT:
            _kept.popitem(last=False)
    return checked


def _where(reference: StatusReference, age: timedelta) -> str:
    minutes = max(0, int(age.total_seconds() // 60))
    return f"list {reference.uri}, age {minutes} min"
