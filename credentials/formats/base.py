"""What every credential format offers: issue, present, parse, and the stages of a verification."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from did.keys import PublicKey
from did.methods.base import Fetch
from did.signing import Signer

from credentials.claims import ClaimPath, ConcretePath
from credentials.trust import TrustedIssuer, TrustPolicy


@dataclass(frozen=True, slots=True)
class StatusReference:
    """Where the status of a credential stands: list URI and index."""

    uri: str
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """One credential to be made.

    `type` is the `vct`; `claims` the subject claims only (registered claims come from the other
    members). `disclosable` are the paths that become selectively disclosable. Times are rounded by
    the caller. `x5c` is the signing leaf and intermediates, without the anchor.
    """

    type: str
    issuer: str
    claims: Mapping[str, Any]
    disclosable: Collection[ClaimPath]
    holder_key: PublicKey | None
    issued_at: datetime | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    status: StatusReference | None = None
    x5c: Sequence[str] = ()
    key_id: str | None = None
    type_integrity: str | None = None
    decoys: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedCredential:
    """A credential as read, nothing checked: for a wallet's own store and its search.

    `unverified_claims` holds every claim that is in clear or disclosed; `disclosable` are the
    concrete paths that came by disclosure and can be left out of a presentation.
    """

    format: str
    type: str
    issuer: str | None
    unverified_claims: dict[str, Any]
    disclosable: tuple[ConcretePath, ...]
    holder_key: PublicKey | None
    valid_from: datetime | None
    valid_until: datetime | None
    status: StatusReference | None
    authority_key_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCredential:
    """A credential that passed every check of its format. `claims` may be relied on."""

    format: str
    type: str
    types: tuple[str, ...]
    issuer: TrustedIssuer
    claims: dict[str, Any]
    disclosed: tuple[ConcretePath, ...]
    hidden: int
    holder_key: PublicKey | None
    holder_bound: bool
    valid_from: datetime | None
    valid_until: datetime | None
    status: StatusReference | None
    authority_key_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What one presentation is checked against. `presenting` is false for a credential as issued."""

    policy: TrustPolicy
    fetch: Fetch
    now: datetime
    types: frozenset[str] = frozenset()
    presenting: bool = True
    holder_binding: bool = True
    holder_key: PublicKey | None = None
    nonce: str | None = None
    audience: str | None = None
    transaction_data: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """What a stage found, and the rule it followed. `run` is false when the stage had nothing to do."""

    detail: str
    spec: str
    outcome: str = "passed"


class Examination(Protocol):
    """One presentation on its way through the stages; call them in the order of `verdict.STAGES`.

    Each raises an IdError of its own class, or returns what it found. `specs` names the rule of a
    stage that failed.
    """

    def shape(self) -> Found: ...
    def type(self) -> Found: ...
    def algorithm(self) -> Found: ...
    def issuer_trust(self) -> Found: ...
    def signature(self) -> Found: ...
    def time(self) -> Found: ...
    def holder_binding(self) -> Found: ...
    def transaction(self) -> Found: ...
    def disclosures(self) -> Found: ...
    def result(self) -> VerifiedCredential:
        """Return the verified credential; only after every stage has passed."""
        ...


class CredentialFormat(Protocol):
    """One OpenID4VCI format identifier."""

    name: str
    max_bytes: int
    specs: Mapping[str, str]

    def issue(self, request: IssueRequest, *, signer: Signer) -> str:
        """Return the credential as it goes to the wallet."""
        ...

    def parse(self, credential: str) -> ParsedCredential:
        """Return an unverified credential for the wallet's own use."""
        ...

    def present(
        self,
        credential: str,
        *,
        disclose: Collection[ClaimPath],
        signer: Signer | None,
        audience: str,
        nonce: str,
        now: datetime,
        transaction_data: Sequence[str] = (),
        transaction_data_alg: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a presentation that discloses these paths; without `signer`, one without holder binding."""
        ...

    def examine(self, presentation: object, context: CheckContext) -> Examination:
        """Return the staged check of one presentation."""
        ...

    def verify(self, presentation: object, context: CheckContext) -> VerifiedCredential:
        """Run every stage and return the verified credential, or raise the first failure."""
        ...
