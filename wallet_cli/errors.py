"""What can go wrong in the wallet, as people and scripts see it: code, exit code, four lines.

Every refusal of the libraries and of a server ends here. `EXIT_CODES` is the one table from the
house's error codes to exit codes; `present` turns any house error into the four lines on stderr
and the one JSON object of `--json`.
"""

from dataclasses import dataclass

from did.errors import FetchFailed, IdError
from wallet_cli.text import clean

EXIT_OK = 0
EXIT_FAILURE = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_NOT_FOUND = 4
EXIT_POLICY = 5
EXIT_NETWORK = 6
EXIT_LOCKED = 7

EXIT_CODES: dict[str, int] = {
    "unauthenticated": EXIT_POLICY,
    "unavailable": EXIT_NETWORK,
    "rate_limited": EXIT_NETWORK,
    "not_found": EXIT_NOT_FOUND,
    "role_missing": EXIT_POLICY,
    "four_eyes_required": EXIT_POLICY,
    "issuer_key_unresolvable": EXIT_FAILURE,
    "credential_expired": EXIT_POLICY,
    "credential_not_yet_valid": EXIT_POLICY,
    "credential_revoked": EXIT_POLICY,
    "credential_suspended": EXIT_POLICY,
    "status_unavailable": EXIT_NETWORK,
    "access_denied": EXIT_REFUSED,
    "over_asking": EXIT_POLICY,
    "policy_not_met": EXIT_POLICY,
    "duplicate_nullifier": EXIT_POLICY,
    "pin_wrong": EXIT_LOCKED,
    "pin_blocked": EXIT_LOCKED,
    "wallet_locked": EXIT_LOCKED,
}
"""House code to exit code; a code that is not listed ends with 1."""


class WalletError(IdError):
    """A command cannot go on. `detail` says what, `why` says why, `hint` what to do next.

    `exit_code` overrides the table where one code stands for two ends (contract: `access_denied`
    is 3 when the person said no and 4 when nothing fits; missing input is 2).
    """

    code: str = "malformed"

    def __init__(self, detail: str, *, why: str = "", hint: str = "", code: str | None = None) -> None:
        super().__init__(detail, hint=hint)
        self.why = why
        self.exit_code: int | None = None
        self.correlation_id: str | None = None
        if code is not None:
            self.code = code


class MissingInput(WalletError):
    """Something that only the person can give was not given: a usage error, exit 2."""

    def __init__(self, detail: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(detail, why=why, hint=hint)
        self.exit_code = EXIT_USAGE


class Unavailable(WalletError):
    """A server did not answer, or not in time."""

    code = "unavailable"


class NotFound(WalletError):
    """The wallet holds nothing of that name."""

    code = "not_found"


class Conflict(WalletError):
    """What is asked would overwrite or contradict something that is there."""

    code = "conflict"


class WalletLocked(WalletError):
    """The wallet cannot be opened: wrong passphrase, other keyring, in use, or edited."""

    code = "wallet_locked"


class PinWrong(WalletError):
    """A PIN or PUK was wrong; the counter inside the seal has gone down."""

    code = "pin_wrong"


class PinBlocked(WalletError):
    """No tries are left for this PIN or PUK."""

    code = "pin_blocked"


class Refused(WalletError):
    """The person did not say yes."""

    code = "access_denied"


class NothingFits(WalletError):
    """The wallet holds nothing that answers the question: same code outside, exit 4."""

    code = "access_denied"

    def __init__(self, detail: str, *, why: str = "", hint: str = "") -> None:
        super().__init__(detail, why=why, hint=hint)
        self.exit_code = EXIT_NOT_FOUND


class IssuerUntrusted(WalletError):
    """The issuer is not in the signed list and was not added by hand."""

    code = "issuer_untrusted"


class VerifierUntrusted(WalletError):
    """The asker is not in the signed list and was not added by hand."""

    code = "verifier_untrusted"


HINTS: dict[str, str] = {
    "request_expired": 'press "Start again" on the page and use the new code',
    "request_replayed": "it was used before; ask for a new one",
    "offer_expired": "ask the issuing office for a new offer",
    "tx_code_wrong": "type the code from the slip; it is not one of your PINs",
    "nonce_mismatch": "run the command again; if it stays, check this computer's clock",
    "holder_binding_invalid": "use the wallet that sent the application",
    "credential_suspended": "ask the issuing office to lift it; it takes a visit",
    "credential_revoked": "it is withdrawn for good; apply for a new one",
    "credential_expired": "wallet refresh",
    "status_unavailable": "try again in a few minutes",
    "issuer_untrusted": "ask the office for the right link",
    "verifier_untrusted": "share nothing; ask the organisation whether it is registered",
    "over_asking": "share nothing; tell the verifier to ask within its registration",
    "conflict": "wallet refresh",
    "rate_limited": "wait a few minutes",
    "unavailable": "try again in a minute",
    "unauthenticated": "run the command again; if it stays, check this computer's clock",
}
"""What the wallet's holder can do, where the error itself has no better advice for them."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a command is: how its failure begins, and what then holds."""

    begins: str = ""
    holds: str = "What was stored stays as it was."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One failed command, ready to be shown."""

    what: str
    why: str
    hint: str
    code: str
    exit_code: int
    id: str

    def lines(self) -> list[str]:
        """The four lines of an error, not yet wrapped."""
        return [
            self.what,
            self.why,
            f"Do this: {self.hint}",
            f"{self.code}  exit {self.exit_code}  id {self.id}",
        ]

    def to_json(self) -> dict[str, dict[str, str]]:
        """The `--json` twin."""
        return {"error": {"code": self.code, "detail": self.what, "hint": self.hint, "id": self.id}}


def describe(error: IdError, *, new_id: str, phase: Phase) -> Ended:
    """Return how a house error ends a command; `new_id` serves where no server gave an id.

    What a server said is cleaned like every text from outside (T95).
    """
    exit_code: int | None = getattr(error, "exit_code", None)
    if isinstance(error, FetchFailed):
        exit_code = EXIT_NETWORK  # the source did not answer: nothing is said about what was asked
    own_id: str | None = getattr(error, "correlation_id", None)
    generic = error.hint in ("", IdError.default_hint) or not isinstance(error, WalletError)
    hint = HINTS.get(error.code, error.hint) if generic else error.hint
    return Ended(
        what=_sentence(clean(str(error)), phase.begins),
        why=clean(getattr(error, "why", "")) or phase.holds,
        hint=clean(hint or "wallet doctor, and try again"),
        code=error.code,
        exit_code=exit_code if exit_code is not None else EXIT_CODES.get(error.code, EXIT_FAILURE),
        id=own_id or new_id,
    )


def _sentence(text: str, begins: str) -> str:
    """End with a full stop; begin with a capital, or small after `begins:`, unless the first word is a name."""
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    ordinary = text.split(" ", 1)[0].isalpha() and " " in text
    if not begins:
        return text[:1].upper() + text[1:] if ordinary else text
    return f"{begins}: {text[:1].lower() + text[1:] if ordinary and not text[:2].isupper() else text}"
