"""The two files that let a script speak for a person: secrets and consent (contract: wallet in scripts).

The secrets file is 0600 and holds what would be typed. The consent file holds a decision made
beforehand: this verifier, this purpose, exactly these claims. Anything else is a no (T92).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from did.encoding import json_object
from did.errors import IdError
from wallet_cli.errors import MissingInput
from wallet_cli.folder import read_private_file

if TYPE_CHECKING:
    from credentials.claims import ClaimPath

MAX_FILE_BYTES = 64 * 1024
SECRET_NAMES = (
    "passphrase",
    "new_passphrase",
    "pin1",
    "pin2",
    "puk",
    "new_pin1",
    "new_pin2",
    "tx_code",
    "backup_passphrase",
)


@dataclass(frozen=True, slots=True)
class Secrets:
    """What a secrets file says, by name; an absent name is asked for."""

    values: Mapping[str, str] = field(default_factory=dict, repr=False)

    def get(self, name: str) -> str | None:
        """The secret of that name, None when the file does not have it."""
        return self.values.get(name)


def read_secrets(path: Path) -> Secrets:
    """Return the secrets in a 0600 file: one JSON object, or `name=value` lines. Raises WalletLocked, MissingInput."""
    data = read_private_file(path, max_bytes=MAX_FILE_BYTES, mode_matters=True)
    try:
        text = data.decode()
        members: Mapping[str, Any] = json_object(text) if text.lstrip().startswith("{") else _lines(text)
    except (IdError, UnicodeDecodeError):
        raise _bad_file("The secrets file", "one JSON object, or lines of name=value") from None
    values: dict[str, str] = {}
    for name, value in members.items():
        if name.lower() not in SECRET_NAMES or not isinstance(value, str):
            raise _bad_file("The secrets file", f"text under the names {', '.join(SECRET_NAMES)}")
        values[name.lower()] = value
    return Secrets(values)


def _lines(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or name.strip() in values:
            raise _bad_file("The secrets file", "one name=value on each line, each name once")
        values[name.strip()] = value.strip()
    return values


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """A decision made beforehand. `claims`: credential type -> exact paths, or under `None` over all credentials.

    `portrait_and_health` is the second yes for such types; `shown_before` agrees to show a copy again.
    """

    verifier: str
    purpose: str
    claims: "Mapping[str | None, frozenset[ClaimPath]]"
    portrait_and_health: bool = False
    shown_before: bool = False

    def allows(self, *, verifier: str, purposes: frozenset[str], claims: "Mapping[str, frozenset[ClaimPath]]") -> bool:
        """Tell whether exactly this was agreed to: verifier, purpose, and no claim more or less."""
        if self.verifier != verifier or self.purpose not in purposes:
            return False
        if None in self.claims:
            return frozenset().union(*claims.values()) == self.claims[None]
        return dict(claims) == dict(self.claims)


def read_consent(path: Path) -> Consent:
    """Return the decision in a consent file. Raises MissingInput when it does not say all that it must."""
    try:
        body = json_object(read_private_file(path, max_bytes=MAX_FILE_BYTES))
        verifier, purpose = body["verifier"], body["purpose"]
        if not isinstance(verifier, str) or not isinstance(purpose, str):
            raise KeyError("verifier")
        known = {"verifier", "purpose", "claims", "portrait_and_health", "shown_before"}
        if set(body) - known:
            raise KeyError("unknown member")
        return Consent(
            verifier=verifier,
            purpose=purpose,
            claims=_claims(body["claims"]),
            portrait_and_health=body.get("portrait_and_health") is True,
            shown_before=body.get("shown_before") is True,
        )
    except (IdError, KeyError, TypeError) as exc:
        if getattr(exc, "code", "malformed") != "malformed":
            raise
        raise _bad_file("The consent file", 'JSON with "verifier" (a DID), "purpose", and "claims"') from None


def _claims(value: object) -> "dict[str | None, frozenset[ClaimPath]]":
    if isinstance(value, list):
        return {None: _paths(value)}
    if isinstance(value, dict):
        return {name: _paths(paths) for name, paths in value.items()}
    raise KeyError("claims")


def _paths(value: object) -> "frozenset[ClaimPath]":
    from credentials.claims import parse_path

    if not isinstance(value, list):
        raise KeyError("claims")
    return frozenset((item,) if isinstance(item, str) else parse_path(item) for item in value)


def _bad_file(what: str, must: str) -> MissingInput:
    return MissingInput(f"{what} cannot be read.", why=f"It must hold {must}.", hint="correct the file")
