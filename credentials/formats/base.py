"""What every credential format offers: issue, parse, present, and the stages of a verification."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, Protocol

from credentials.claims import ClaimPath, ConcretePath
from credentials.status.token_status_list import StatusReference
from credentials.trust import TrustedIssuer, TrustPolicy
from did.keys import PublicKey
from did.methods.base import Fetch
from did.signing import Signer

__all__ = [
    "CheckContext",
    "CredentialFormat",
    "Examination",
    "Found",
    "IssueRequest",
    "ParsedCredential",
    "StatusReference",
    "VerifiedCredential",
]

_TECHNICAL = frozenset({"iss", "iat", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueRequest:
    """One credential to be made.

    `type` is the `vct`; `claims` the subject claims only (registered claims come from the other
    members). `disclosable` are the paths that become selectively disclosable. Times are rounded by
    the caller. `x5c` is the signing leaf and intermediates, without the anchor. `decoys` digests of
    random data join each object with hidden members.
    """

    type: str
    issuer: str | None
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


class VerifiedCredential(NamedTuple):
    """A credential that passed every check of its format. `claims` may be relied on.

    `types` are its own type and those it extends. `disclosed` and `positions` are those of a
    processed SD-JWT (issued array positions). `status_claim` is the credential's own, not looked up
    yet. `confirmed` are the transaction data strings that the holder's proof covers, `proof` the
    claims of that proof.
    """

    format: str
    type: str
    types: tuple[str, ...]
    issuer: TrustedIssuer
    claims: dict[str, Any]
    disclosed: tuple[ConcretePath, ...]
    positions: Mapping[ConcretePath, tuple[int, ...]]
    hidden: int
    holder_key: PublicKey | None
    holder_bound: bool
    valid_from: datetime | None
    valid_until: datetime | None
    status_claim: object
    authority_key_ids: tuple[str, ...]
    confirmed: frozenset[str]
    proof: Mapping[str, Any]

    @property
    def subject_claims(self) -> dict[str, Any]:
        """Return what the credential says of its subject: without the claims that only serve its verification.

        Those (key, status index, exact times) would let two presentations be linked (T62).
        """
        return {name: value for name, value in self.claims.items() if name not in _TECHNICAL}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckContext:
    """What one presentation is checked against.

    `presenting` is false for a credential as issued; then `holder_key`, when given, must be the key
    it is bound to. `types` empty means any type of the policy. `transaction_data` holds the strings
    that may be confirmed with this credential.
    """

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


class Found(NamedTuple):
    """What a stage found. `not_run` means that the stage had nothing to do, `warning` that a person should know.

    `say` may be a function: most verifications are valid, and nobody reads what each stage found.
    """

    say: str | Callable[[], str]
    outcome: Literal["passed", "warning", "not_run"] = "passed"
    hint: str = ""

    @property
    def detail(self) -> str:
        """What was found, in words."""
        return self.say if isinstance(self.say, str) else self.say()


class Examination(Protocol):
    """One presentation on its way through the stages, which are called in the order of `verdict.STAGES`.

    Each stage raises an IdError of its own class, or returns what it found. FetchFailed and
    StatusUnavailable mean that a source did not answer.
    """

    def shape(self) -> Found:
        """Parse; after this the unverified content is known."""

    def type(self) -> Found:
        """Compare type and format with what was expected."""

    def algorithm(self) -> Found:
        """Compare every algorithm named with the allowed ones."""

    def issuer_trust(self) -> Found:
        """Find the issuer's key in the trust policy."""

    def signature(self) -> Found:
        """Check the issuer's signature."""

    def time(self) -> Found:
        """Check the validity period."""

    def holder_binding(self) -> Found:
        """Check the proof of possession, as far as one is due."""

    def transaction(self) -> Found:
        """Check which transaction data the proof confirms."""

    def disclosures(self) -> Found:
        """Check what was disclosed against what was signed."""

    @property
    def holder_key(self) -> PublicKey | None:
        """The key whose possession was proven (or that the wallet recognised); None before or without that."""

    @property
    def confirmed(self) -> frozenset[str]:
        """The transaction data strings that the holder confirmed with this credential."""

    def result(self) -> VerifiedCredential:
        """Return the verified credential; only after every stage has passed."""


class CredentialFormat(Protocol):
    """One OpenID4VCI format identifier.

    `specs` gives the rule that each stage follows, `max_bytes` the size of one presentation.
    """

    @property
    def name(self) -> str:
        """The format identifier."""

    @property
    def max_bytes(self) -> int:
        """The largest presentation that is read."""

    @property
    def specs(self) -> Mapping[str, str]:
        """The rule behind each stage."""

    def issue(self, request: IssueRequest, *, signer: Signer) -> str:
        """Return the credential as it goes to the wallet."""

    def parse(self, credential: str) -> ParsedCredential:
        """Return an unverified credential for the wallet's own use."""

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

    def examine(self, presentation: object, context: CheckContext) -> Examination:
        """Return the staged check of one presentation."""

    def verify(self, presentation: object, context: CheckContext) -> VerifiedCredential:
        """Run every stage and return the verified credential, or raise the first failure."""


EXAMINATION_STAGES: tuple[str, ...] = (
    "shape",
    "type",
    "algorithm",
    "issuer_trust",
    "signature",
    "time",
    "holder_binding",
    "transaction",
    "disclosures",
)
"""The stages that a format runs itself; size comes before them, query, status and policy after."""


def examine_all(examination: Examination) -> VerifiedCredential:
    """Run the stages of one examination in their order and return its result."""
    examination.shape()
    examination.type()
    examination.algorithm()
    examination.issuer_trust()
    examination.signature()
    examination.time()
    examination.holder_binding()
    examination.transaction()
    examination.disclosures()
    return examination.result()
