"""A credential is believed only after the checks a verifier would make, and bound to our own key (T94).

A batch has to be what single use promises: one set of facts, and nothing in common that would let
two copies be recognised as one (T62, T63).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from credentials.errors import HolderBindingInvalid, MalformedCredential, TypeUnexpected
from credentials.formats import FORMATS
from credentials.formats.base import ParsedCredential
from credentials.sd_jwt import parse_sd_jwt
from credentials.verdict import Verdict
from credentials.verify import StatusSource, verify_credential
from did.keys import PublicKey
from wallet_cli.errors import EXIT_NETWORK, WalletError
from wallet_cli.statuses import CachedStatuses

if TYPE_CHECKING:
    from wallet_cli.session import Session

NEVER_HIDDEN = ("iss", "vct", "exp", "nbf", "iat", "cnf", "status", "vct#integrity", "aka_vcts", "_sd_alg")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedCopy:
    """A copy that passed every check, the thumbprint of our key it is bound to, and what it says."""

    text: str
    key: str
    parsed: ParsedCredential


class CredentialRefused(WalletError):
    """What an issuer sent is not what it should be; nothing of it was stored."""

    code = "malformed"


def verify_own(
    session: "Session",
    text: str,
    *,
    format: str,
    vct: str,
    holder_key: PublicKey | None,
    statuses: StatusSource | None = None,
) -> Verdict:
    """Judge a credential as a verifier would, without presenting it."""
    return verify_credential(
        text,
        policy=session.services.policy(),
        fetch=session.client.fetch,
        statuses=statuses or CachedStatuses(session),
        now=session.now(),
        types=frozenset({vct}),
        holder_key=holder_key,
        format=format,
    )


def check_batch(
    session: "Session",
    texts: Sequence[object],
    *,
    format: str,
    vct: str,
    issuer: str,
    keys: Mapping[str, PublicKey],
) -> list[CheckedCopy]:
    """Return every copy checked, in the issuer's order. Raises CredentialRefused with the failed check's code."""
    statuses = CachedStatuses(session)
    copies: list[CheckedCopy] = []
    for text in texts:
        if not isinstance(text, str):
            raise MalformedCredential("the issuer sent a credential of another format than it offered")
        parsed = FORMATS[format].parse(text)
        bound_to = parsed.holder_key.thumbprint() if parsed.holder_key is not None else ""
        if bound_to not in keys:
            raise HolderBindingInvalid(
                "the issuer bound the credential to a key that is not yours",
                hint="do not use it; tell the issuing office",
            )
        verdict = verify_own(session, text, format=format, vct=vct, holder_key=keys[bound_to], statuses=statuses)
        raise_unless_valid(verdict)
        if parsed.issuer is not None and parsed.issuer != issuer:
            raise TypeUnexpected("the credential names another issuer than the offer")
        copies.append(CheckedCopy(text=text, key=bound_to, parsed=parsed))
    _check_unlinkable(copies)
    return copies


def raise_unless_valid(verdict: Verdict) -> None:
    """Raise what a verdict says was wrong: exit 6 where it could not be checked, else by its code."""
    if verdict.verdict == "valid":
        return
    failed = verdict.failures[0] if verdict.failures else None
    undetermined = verdict.verdict == "undetermined"
    error = CredentialRefused(
        f"The credential {'could not be checked' if undetermined else 'is not right'}: "
        f"{failed.detail if failed else 'a check failed'}.",
        why=f"Check that failed: {failed.name if failed else 'unknown'}.  Nothing was stored.",
        hint=(failed.hint if failed else "") or "tell the issuing office",
        code=verdict.code or "malformed",
    )
    if undetermined:
        error.exit_code = EXIT_NETWORK
    raise error


def _check_unlinkable(copies: Sequence[CheckedCopy]) -> None:
    """Refuse a batch whose copies could be recognised as one person's: by key, status place, salt or facts."""
    _distinct([copy.key for copy in copies], "a holder key")
    places = [(copy.parsed.status.uri, copy.parsed.status.index) for copy in copies if copy.parsed.status is not None]
    _distinct(places, "a place in the status list")
    disclosures = [item for copy in copies for item in parse_sd_jwt(copy.text).disclosures]
    _distinct(disclosures, "a salt")
    for copy in copies[1:]:
        if _facts(copy) != _facts(copies[0]):
            raise CredentialRefused(
                "The copies of one credential do not say the same.",
                why="They could be told apart by what they say.  Nothing was stored.",
                hint="tell the issuing office",
            )


def _distinct(values: Sequence[object], what: str) -> None:
    if len(set(values)) != len(values):
        raise CredentialRefused(
            f"Two copies of the credential share {what}.",
            why="Showing both would show that you are one person.  Nothing was stored.",
            hint="tell the issuing office",
        )


def _facts(copy: CheckedCopy) -> dict[str, object]:
    return {name: value for name, value in copy.parsed.unverified_claims.items() if name not in NEVER_HIDDEN}
