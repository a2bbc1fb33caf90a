"""One run of one command: its options, its voice, its clock, its open wallet and its open gates.

A command opens what it needs and no more: the wallet file with the passphrase (or keyring), a role
with its PIN. What was opened lives as long as the command.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from wallet_cli.errors import MissingInput, Phase, PinWrong, WalletLocked
from wallet_cli.files import Consent, Secrets, read_consent, read_secrets
from wallet_cli.model import Role, Wallet
from wallet_cli.talk import Talk
from wallet_cli.world import World

if TYPE_CHECKING:
    from did.keyfile import KdfParams
    from wallet_cli.client import Client
    from wallet_cli.gates import Gates, RoleKey
    from wallet_cli.keyring_box import KeyringBox
    from wallet_cli.services import Services
    from wallet_cli.store import ClosedWallet, Store

PASSPHRASE_MIN = 12
PASSPHRASE_TRIES = 3
PIN_SLIPS = 3
"""How often something that can be no PIN is asked again before it counts as a try."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The options that every command has."""

    wallet: Path | None = None
    secrets_file: Path | None = None
    consent_file: Path | None = None
    no_input: bool = False
    as_json: bool = False


def _long_enough(passphrase: str) -> str:
    if len(passphrase) < PASSPHRASE_MIN:
        raise MissingInput(
            f"The passphrase has fewer than {PASSPHRASE_MIN} characters.",
            why="It alone keeps the file closed to someone who has a copy of it.",
            hint="take four or more words that do not belong together",
        )
    return passphrase


@dataclass(slots=True)
class Session:
    """See the module. Close it (a `with` block) so that other commands can use the wallet."""

    world: World
    common: Common
    talk: Talk = field(init=False)
    phase: Phase = field(default_factory=Phase)
    """How a failure from here on begins, and what then holds."""
    unlocking: bool = False
    """Set by `unlock`, which has to reach PIN1 of a wallet that is locked."""
    _secrets: Secrets | None = None
    _store: "Store | None" = None
    _gates: "Gates | None" = None
    _open_roles: "dict[Role, RoleKey]" = field(default_factory=dict)
    _client: "Client | None" = None
    _services: "Services | None" = None

    def __post_init__(self) -> None:
        self.talk = Talk(self.world, as_json=self.common.as_json, no_input=self.common.no_input)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            self._client.close()
        if self._store is not None:
            self._store.folder.close()

    # --- what the command line and its files say -------------------------------------------------

    @property
    def path(self) -> Path:
        """The wallet folder: `--wallet`, else WALLET_HOME, else the user's own place for data."""
        environ = self.world.environ
        if self.common.wallet is not None:
            return self.common.wallet
        if environ.get("WALLET_HOME"):
            return Path(environ["WALLET_HOME"])
        base = environ.get("XDG_DATA_HOME") or str(Path(environ.get("HOME", "~")).expanduser() / ".local" / "share")
        return Path(base) / "openresidency-wallet"

    @property
    def secrets(self) -> Secrets:
        """What the secrets file says; empty without one."""
        if self._secrets is None:
            file = self.common.secrets_file
            self._secrets = read_secrets(file) if file is not None else Secrets()
        return self._secrets

    def consent(self) -> Consent | None:
        """The decision that was made beforehand, if there is a consent file."""
        return read_consent(self.common.consent_file) if self.common.consent_file is not None else None

    def secret(self, name: str, question: str) -> str:
        """Return a secret from the secrets file, else ask for it."""
        given = self.secrets.get(name)
        return given if given is not None else self.talk.ask_secret(question, option=f"--secrets-file ({name})")

    def new_passphrase(self, name: str = "passphrase") -> str:
        """Ask for a new passphrase twice (or take it from the secrets file) and hold it against the rule."""
        option = f"--secrets-file ({name})"
        given = self.secrets.get(name)
        if given is not None:
            return _long_enough(given)
        for left in range(PASSPHRASE_TRIES - 1, -1, -1):
            given = self.talk.ask_secret(f"Passphrase (at least {PASSPHRASE_MIN} characters)", option=option)
            if len(given) < PASSPHRASE_MIN:
                if left:
                    self.talk.say(f"That has fewer than {PASSPHRASE_MIN} characters.")
                    continue
            elif given == self.talk.ask_secret("Again", option=option):
                return given
            elif left:
                self.talk.say("The two are not the same.")
                continue
            else:
                raise MissingInput("The two passphrases are not the same.", hint="run the command again")
        return _long_enough(given or "")

    # --- time and randomness ---------------------------------------------------------------------

    def now(self) -> datetime:
        """Now, in UTC; for a development wallet with the offset of its service."""
        return self.world.clock() + self._offset()

    def _offset(self) -> timedelta:
        if self._store is None or not (self.wallet.dev and self.wallet.service_data):
            return timedelta()
        from wallet_cli.clock import read_offset

        return read_offset(self.wallet.service_data)

    def new_id(self, size: int = 16) -> str:
        """A random id in base64url; 128 bits unless `size` says otherwise."""
        from did.encoding import b64url_encode

        return b64url_encode(self.world.random_bytes(size))

    # --- the wallet ------------------------------------------------------------------------------

    @property
    def wallet(self) -> Wallet:
        """What the open wallet holds."""
        return self.store.wallet

    @property
    def store(self) -> "Store":
        """The open wallet; opens it on first use. Raises NotFound, WalletLocked, MissingInput."""
        if self._store is None:
            self._open()
        assert self._store is not None
        if self._store.wallet.locked and not self.unlocking:
            raise WalletLocked("The wallet is locked.", why="wallet lock was run.", hint="wallet unlock")
        return self._store

    def adopt(self, store: "Store") -> None:
        """Go on with a store that the command itself made or opened."""
        self._store = store

    def save(self) -> None:
        """Write the wallet to disk; returns when it is durable."""
        self.store.save()

    @property
    def has_store(self) -> bool:
        """Whether this command has opened the wallet."""
        return self._store is not None

    def forget_keyring(self, wallet_id: str) -> None:
        """Delete what the system keyring keeps for this wallet, if there is a keyring."""
        from wallet_cli.keyring_box import KeyringBox

        found = self.world.find_keyring()
        if found is not None:
            KeyringBox(found, wallet_id).forget_all()

    def open_even_if_locked(self) -> "Store":
        """Open the wallet for `unlock`, which may find it locked."""
        if self._store is None:
            self._open()
        assert self._store is not None
        return self._store

    def _open(self) -> None:
        from wallet_cli.store import ClosedWallet

        closed = ClosedWallet(self.path)
        try:
            box = self.box_of(closed)
            if closed.header.slot("keyring") is not None:
                key = closed.data_key_by_keyring(box or self.need_box(closed.header.wallet_id))
                self._store = closed.open(key, random_bytes=self.world.random_bytes, box=box)
                return
            unlocked = box.unlocked_key(now=self.world.clock()) if box is not None else None
            key = unlocked if unlocked is not None else self._ask_passphrase(closed)
            self._store = closed.open(key, random_bytes=self.world.random_bytes, box=None)
        except BaseException:
            closed.folder.close()
            raise

    def box_of(self, closed: "ClosedWallet") -> "KeyringBox | None":
        """The wallet's entries in the system keyring, if there is such a keyring."""
        return self.box_of_id(closed.header.wallet_id)

    def box_of_id(self, wallet_id: str) -> "KeyringBox | None":
        """The entries of the wallet with that id in the system keyring, if there is such a keyring."""
        from wallet_cli.keyring_box import KeyringBox

        found = self.world.find_keyring()
        return KeyringBox(found, wallet_id) if found is not None else None

    def need_box(self, wallet_id: str) -> "KeyringBox":
        """The wallet's entries in the system keyring. Raises Unavailable when there is none."""
        from wallet_cli.keyring_box import KeyringBox, need_keyring

        return KeyringBox(need_keyring(self.world.find_keyring()), wallet_id)

    def _ask_passphrase(self, closed: "ClosedWallet") -> bytes:
        given = self.secrets.get("passphrase")
        if given is not None:
            return closed.data_key_by_passphrase(given)
        for tries_left in range(PASSPHRASE_TRIES - 1, -1, -1):
            try:
                answer = self.talk.ask_secret("Passphrase", option="--secrets-file (passphrase)")
                return closed.data_key_by_passphrase(answer)
            except WalletLocked as exc:
                if not tries_left:
                    raise
                self.talk.say(str(exc))
        raise AssertionError("unreachable")

    # --- gates -----------------------------------------------------------------------------------

    @property
    def kdf(self) -> "KdfParams":
        """What one try of a PIN costs."""
        from did.keyfile import KdfParams

        if self.world.kdf is not None:
            return self.world.kdf
        memory, iterations, lanes = self.wallet.kdf
        return KdfParams(memory_kib=memory, iterations=iterations, lanes=lanes)

    @property
    def gates(self) -> "Gates":
        """The PIN gates of the open wallet."""
        from wallet_cli.gates import Gates

        if self._gates is None:
            self._gates = Gates(self.store, params=self.kdf, random_bytes=self.world.random_bytes)
        return self._gates

    def open_role(self, role: Role) -> "RoleKey":
        """Open a role by its PIN, asked once in a command; a person at the terminal may try as often as tries are left.

        Raises PinWrong, PinBlocked, MissingInput.
        """
        from wallet_cli.gates import LENGTHS, PIN_NAMES, has_pin_shape, tries_left

        if role in self._open_roles:
            return self._open_roles[role]
        name = PIN_NAMES[role]
        given = self.secrets.get(name.lower())
        slips = 0
        while True:
            left = self.gates.tries(role)
            pin = given
            if pin is None:
                option = f"--secrets-file ({name.lower()})"
                pin = self.talk.ask_secret(f"{name} ({tries_left(left)})", option=option)
                if not has_pin_shape(name, pin) and slips < PIN_SLIPS:
                    slips += 1
                    low, high = LENGTHS[name]
                    self.talk.say(f"{name} is {low} to {high} digits.  This did not count as a try.")
                    continue
            try:
                self._open_roles[role] = self.gates.open(role, pin)
                return self._open_roles[role]
            except PinWrong as exc:
                if given is not None:
                    raise
                self.talk.say(f"{exc} {exc.why}")

    def keep_open(self, opened: "dict[Role, RoleKey]") -> None:
        """Go on with roles that were just made, without asking for their PINs."""
        self._open_roles.update(opened)

    def role_is_open(self, role: Role) -> bool:
        """Whether the role was opened in this command."""
        return role in self._open_roles

    # --- network ---------------------------------------------------------------------------------

    @property
    def client(self) -> "Client":
        """The HTTP edge."""
        from wallet_cli.client import Client

        if self._client is None:
            self._client = Client(
                dev=self.wallet.dev,
                home_origins=[service.base_url for service in self.wallet.services],
                ca_pems=[service.ca_pem for service in self.wallet.services if service.ca_pem],
                transport=self.world.transport,
            )
        return self._client

    @property
    def services(self) -> "Services":
        """Whom the wallet trusts."""
        from wallet_cli.services import Services

        if self._services is None:
            self._services = Services(self)
        return self._services
