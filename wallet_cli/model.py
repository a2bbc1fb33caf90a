"""What a wallet holds: the one value that lies inside the seal.

Plain records, changed by the commands and written whole by `store.Store.save`. Counters, policy,
history and caches are in here too, so that an edit of any of them breaks the seal (T90).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Role = Literal["auth", "sign"]
ClaimPath = list[str | int | None]

FORMAT_VERSION = 1
PIN_TRIES = 3
PUK_TRIES = 3


@dataclass(slots=True, kw_only=True)
class PinnedService:
    """A service whose signed list this wallet follows.

    `pinned` is the fingerprint of the list key, `announced` that of the key that will follow it. `token`
    is the newest list that was accepted, as it came; an older `sequence` is refused.
    """

    base_url: str
    pinned: str
    announced: str = ""
    token: str = ""
    sequence: int = -1
    fetched_at: datetime | None = None
    ca_pem: str = ""


@dataclass(slots=True, kw_only=True)
class ManualTrust:
    """An issuer or verifier that the person added by hand with `wallet trust add`."""

    id: str
    kind: Literal["root", "did"]
    name: str
    value: str
    issuer: str = ""
    types: list[str] = field(default_factory=list)
    added_at: datetime


@dataclass(slots=True, kw_only=True)
class Gate:
    """The PIN of one role: the role's key sealed under the PIN, and again under the PUK's key."""

    by_pin: str
    by_puk: str
    tries: int = PIN_TRIES
    initial: bool = True


@dataclass(slots=True, kw_only=True)
class StoredKey:
    """A private key under its role's key; `id` is the public key's thumbprint."""

    id: str
    role: Role
    use: Literal["application", "copy"]
    public_jwk: dict[str, Any]
    sealed: str
    created_at: datetime


@dataclass(slots=True, kw_only=True)
class Application:
    """An application this wallet sends or sent, and the two keys that it names.

    The form itself is not kept: it went to the office. `form_hash` and `jti` let an interrupted sending
    be repeated as the same application.
    """

    id: str
    number: str
    service: str
    type: str
    state: str
    auth_key: str
    sign_key: str
    sent_at: datetime
    jti: str
    form_hash: str
    decision_due: str = ""
    birthdate: str = ""


@dataclass(slots=True, kw_only=True)
class Copy:
    """One issued copy: the credential as it came, its key, and when it was shown.

    `number` and `batch` are for people ("copy 3 of 10"); `identifier` is the credential identifier it was
    asked for by, a slot (`e-residency/17`) where the issuer has slots.
    """

    text: str
    key: str
    number: int
    batch: int
    received_at: datetime
    valid_until: datetime | None = None
    identifier: str = ""
    used_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class Grant:
    """What lets `refresh` ask an issuer again: the refresh token and the key it is bound to."""

    id: str
    issuer: str
    key: str
    refresh_token: str
    identifiers: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Credential:
    """A credential of one type from one issuer, in as many copies as are left."""

    id: str
    type: str
    configuration_id: str
    format: str
    vct: str
    issuer: str
    issuer_name: str
    role: Role
    received_at: datetime
    grant: str = ""
    single_use: bool = True
    copies: list[Copy] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class PendingItem:
    """One credential request that is under way: its keys were stored before it was sent."""

    configuration_id: str
    identifier: str
    role: Role
    keys: list[str]
    into: str = ""
    done: bool = False


@dataclass(slots=True, kw_only=True)
class Pending:
    """An issuance between the token answer and the last stored credential."""

    id: str
    issuer: str
    offer: str
    grant: str
    dpop_key: str
    access_token: str
    expires_at: datetime
    items: list[PendingItem] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class Event:
    """One row of the history: kept here only, never sent."""

    at: datetime
    kind: str
    who: str
    who_id: str
    what: str
    purpose: str = ""
    outcome: str = ""
    request: str = ""
    claims: list[tuple[str, ClaimPath]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True)
class CachedText:
    """A public text as it was fetched: a status list, type metadata."""

    body: str
    fetched_at: datetime


@dataclass(slots=True, kw_only=True)
class Wallet:
    """Everything inside the seal."""

    id: str
    created_at: datetime
    version: int = FORMAT_VERSION
    generation: int = 0
    language: str = "en"
    dev: bool = False
    service_data: str = ""
    kdf: tuple[int, int, int] = (65536, 8, 4)
    locked: bool = False
    services: list[PinnedService] = field(default_factory=list)
    trusted: list[ManualTrust] = field(default_factory=list)
    gates: dict[Role, Gate] = field(default_factory=dict)
    gates_id: str = ""
    """What the gates are sealed for; it stays theirs when a backup becomes another wallet."""
    puk: str = ""
    """The PUK's key, sealed under the PUK; it opens every gate."""
    puk_tries: int = PUK_TRIES
    keys: dict[str, StoredKey] = field(default_factory=dict)
    applications: list[Application] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    credentials: list[Credential] = field(default_factory=list)
    pending: list[Pending] = field(default_factory=list)
    slots: dict[str, dict[str, str]] = field(default_factory=dict)
    """Issuer -> credential identifier (slot) -> DID of the agency that the slot is tied to."""
    history: list[Event] = field(default_factory=list)
    statuses: dict[str, CachedText] = field(default_factory=dict)
    types: dict[str, CachedText] = field(default_factory=dict)
