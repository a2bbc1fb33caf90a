"""PIN1, PIN2 and PUK: the second gate, tied to the keys and counted inside the seal (S02, T91).

Each role has a role key that seals its private keys. The role key lies in the wallet only under a
key derived from the role's PIN, and again under a key that the PUK opens. So a PIN is not compared
with anything: it opens the keys or it does not. A try is written down before it is made; a process
killed in between has lost the try, not won one. The passphrase or keyring stays the encryption;
someone who has the opened wallet could try all PINs at the cost of the key derivation.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from did.encoding import b64url_decode, b64url_encode
from did.errors import IdError
from did.keyfile import seal, unseal
from did.keys import PrivateKey
from did.signing import LocalSigner
from wallet_cli.errors import MissingInput, NotFound, PinBlocked, PinWrong
from wallet_cli.model import PIN_TRIES, PUK_TRIES, Gate, Role, StoredKey
from wallet_cli.store import Store

if TYPE_CHECKING:
    from did.keyfile import KdfParams

ROLES: Final[tuple[Role, ...]] = ("auth", "sign")
PIN_NAMES: Final[Mapping[Role, str]] = {"auth": "PIN1", "sign": "PIN2"}
LENGTHS: Final[Mapping[str, tuple[int, int]]] = {"PIN1": (4, 12), "PIN2": (5, 12), "PUK": (8, 12)}
GENERATED_LENGTHS: Final[Mapping[str, int]] = {"PIN1": 4, "PIN2": 5, "PUK": 8}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """A set of codes, just made; shown once and then forgotten."""

    pin1: str
    pin2: str
    puk: str

    def __repr__(self) -> str:
        return "Pins(...)"


@dataclass(frozen=True, slots=True)
class RoleKey:
    """An open gate: what seals and unseals the private keys of one role, for this command only."""

    role: Role
    key: bytes

    def __repr__(self) -> str:
        return f"RoleKey({self.role})"


def check_new_pin(name: str, pin: str, *, others: Iterable[str] = (), personal: Iterable[str] = ()) -> None:
    """Hold a new code against the rules of S02. `personal` are digits that must not hide in it (code, birth date).

    Raises MissingInput (exit 2) with the rule that it breaks, never with the code itself.
    """
    low, high = LENGTHS[name]
    if not has_pin_shape(name, pin):
        raise _bad_pin(name, f"{name} is {low} to {high} digits.")
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        raise _bad_pin(name, f"{name} must not be a run such as 0000 or 1234.")
    if pin in set(others):
        raise _bad_pin(name, "PIN1, PIN2 and PUK must all be different.")
    if any(pin in digits or (len(digits) >= 4 and digits in pin) for digits in personal):
        raise _bad_pin(name, f"{name} must not be part of your personal code or birth date.")


def has_pin_shape(name: str, pin: str) -> bool:
    """Whether `pin` can be a code of that name at all; what cannot is a slip of the finger, and no try."""
    low, high = LENGTHS[name]
    return pin.isascii() and pin.isdigit() and low <= len(pin) <= high


def tries_left(number: int) -> str:
    """`3 tries left`, in words that fit the number."""
    return f"{number} {'try' if number == 1 else 'tries'} left"


def personal_digits(*, birthdates: Iterable[str], personal_codes: Iterable[str]) -> set[str]:
    """Return the digit strings that a code must not be taken from: birth dates in every usual order, personal codes."""
    found = {code for code in personal_codes if code}
    for date in birthdates:
        parts = date.split("-")
        if len(parts) == 3 and all(part.isdigit() for part in parts):
            year, month, day = parts
            short = year[2:]
            found |= {year + month + day, day + month + year, month + day + year}
            found |= {short + month + day, day + month + short, month + day + short, day + month, month + day, year}
    return found


def make_pins(random_bytes: Callable[[int], bytes], *, personal: Iterable[str] = ()) -> Pins:
    """Draw three codes that keep the rules."""
    personal = tuple(personal)
    made: dict[str, str] = {}
    for name, length in GENERATED_LENGTHS.items():
        while name not in made:
            number = int.from_bytes(random_bytes(16)) % 10**length
            pin = f"{number:0{length}d}"
            try:
                check_new_pin(name, pin, others=made.values(), personal=personal)
            except MissingInput:
                continue
            made[name] = pin
    return Pins(pin1=made["PIN1"], pin2=made["PIN2"], puk=made["PUK"])


def check_pins(pins: Pins, *, personal: Iterable[str] = ()) -> Pins:
    """Hold a whole set against the rules and return it."""
    personal = tuple(personal)
    check_new_pin("PIN1", pins.pin1, personal=personal)
    check_new_pin("PIN2", pins.pin2, others=(pins.pin1,), personal=personal)
    check_new_pin("PUK", pins.puk, others=(pins.pin1, pins.pin2), personal=personal)
    return pins


def _bad_pin(name: str, rule: str) -> MissingInput:
    return MissingInput(rule, why="Nothing was changed.", hint=f"choose another {name}")


class Gates:
    """The gates of one open wallet. `params` is the cost of a try: 250 ms or more outside tests."""

    def __init__(self, store: Store, *, params: "KdfParams", random_bytes: Callable[[int], bytes]) -> None:
        self._store = store
        self._params = params
        self._random_bytes = random_bytes

    @property
    def made(self) -> bool:
        """Whether this wallet has PINs yet."""
        return bool(self._store.wallet.gates)

    def make(self, pins: Pins) -> dict[Role, RoleKey]:
        """Make both gates with fresh role keys and return them open; the caller saves the store."""
        keys: dict[Role, RoleKey] = {}
        wallet, puk_key = self._store.wallet, self._random_bytes(32)
        wallet.gates_id = b64url_encode(self._random_bytes(16))
        chosen: dict[Role, str] = {"auth": pins.pin1, "sign": pins.pin2}
        for role, pin in chosen.items():
            key = RoleKey(role, self._random_bytes(32))
            wallet.gates[role] = Gate(
                by_pin=self._seal(key.key, pin, PIN_NAMES[role]), by_puk=self._box(puk_key, key.key, role)
            )
            keys[role] = key
        wallet.puk = self._seal(puk_key, pins.puk, "PUK")
        wallet.puk_tries = PUK_TRIES
        return keys

    def tries(self, role: Role) -> int:
        """How many tries are left for a role's PIN. Raises PinBlocked when there is none."""
        gate = self._gate(role)
        if gate.tries <= 0:
            name = PIN_NAMES[role]
            if self._store.wallet.puk_tries <= 0:
                raise PinBlocked(
                    f"{name} and the PUK are blocked for good.",
                    why="Both were wrong three times.",
                    hint="ask the registrar for a new issue: wallet apply",
                )
            raise PinBlocked(
                f"{name} is blocked.",
                why="It was wrong three times.",
                hint=f"wallet pin unblock {name.lower()}",
            )
        return gate.tries

    def open(self, role: Role, pin: str) -> RoleKey:
        """Try a PIN. Raises PinWrong with the tries left, PinBlocked."""
        self.tries(role)
        gate = self._gate(role)
        gate.tries -= 1
        self._store.save()
        key = self._unseal(gate.by_pin, pin, PIN_NAMES[role])
        if key is None:
            name = PIN_NAMES[role]
            if gate.tries == 0:
                raise PinBlocked(
                    f"{name} is not right, and is blocked now.",
                    why="It was wrong three times.  Nothing left your wallet.",
                    hint=f"wallet pin unblock {name.lower()}",
                )
            raise PinWrong(
                f"{name} is not right.",
                why=f"{gate.tries} {'tries are' if gate.tries > 1 else 'try is'} left.  Nothing left your wallet.",
                hint="try again, or unblock it with the PUK when no try is left",
            )
        gate.tries = PIN_TRIES
        self._store.save()
        return RoleKey(role, key)

    def open_by_puk(self, role: Role, puk: str) -> RoleKey:
        """Try the PUK. Raises PinWrong with the tries left, PinBlocked (for good)."""
        wallet = self._store.wallet
        gate = self._gate(role)
        if wallet.puk_tries <= 0:
            raise PinBlocked(
                "The PUK is blocked for good.",
                why="It was wrong three times.",
                hint="ask the registrar for a new issue: wallet apply",
            )
        wallet.puk_tries -= 1
        self._store.save()
        puk_key = self._unseal(wallet.puk, puk, "PUK")
        if puk_key is None:
            left = wallet.puk_tries
            raise (PinWrong if left else PinBlocked)(
                "The PUK is not right." if left else "The PUK is not right, and is blocked for good now.",
                why=f"{left} of {PUK_TRIES} tries left.",
                hint="try again with the PUK from the day you applied" if left else "ask the registrar for a new issue",
            )
        wallet.puk_tries = PUK_TRIES
        self._store.save()
        return RoleKey(role, self._unbox(puk_key, gate.by_puk, role))

    def set_pin(self, role_key: RoleKey, pin: str) -> None:
        """Put a new PIN before an open gate and give it all its tries; saves."""
        gate = self._gate(role_key.role)
        gate.by_pin = self._seal(role_key.key, pin, PIN_NAMES[role_key.role])
        gate.tries = PIN_TRIES
        gate.initial = False
        self._store.save()

    def is_code(self, pin: str) -> bool:
        """Tell whether `pin` is one of the three codes, without a try: only for the rule that all must differ.

        Not a shorter way for a guesser: it costs three derivations, inside a wallet that is open already.
        """
        wallet = self._store.wallet
        sealed = [(gate.by_pin, PIN_NAMES[role]) for role, gate in wallet.gates.items()] + [(wallet.puk, "PUK")]
        return any(self._unseal(box, pin, name) is not None for box, name in sealed)

    def new_key(self, role_key: RoleKey, *, use: str, now: datetime) -> StoredKey:
        """Make a P-256 key of this role and put it into the wallet, sealed; the caller saves before using it."""
        private = PrivateKey.generate("ES256")
        stored = StoredKey(
            id=private.public_key.thumbprint(),
            role=role_key.role,
            use="application" if use == "application" else "copy",
            public_jwk=dict(private.public_key.to_jwk()),
            sealed=self._seal_key(role_key, private),
            created_at=now,
        )
        self._store.wallet.keys[stored.id] = stored
        return stored

    def signer(self, role_key: RoleKey, key_id: str) -> LocalSigner:
        """Return a signer over one stored key of the open role. Raises NotFound, PinWrong (another role's key)."""
        stored = self._store.wallet.keys.get(key_id)
        if stored is None:
            raise NotFound("The key for this is no longer in the wallet.", hint="wallet doctor")
        if stored.role != role_key.role:
            raise PinWrong(f"This key is behind {PIN_NAMES[stored.role]}.", hint="run the command again")
        data = b64url_decode(stored.sealed)
        try:
            plain = AESGCM(role_key.key).decrypt(data[:12], data[12:], f"{stored.role} {stored.id}".encode())
        except InvalidTag as exc:
            raise PinWrong(f"{PIN_NAMES[stored.role]} does not open this key.", hint="wallet doctor") from exc
        return LocalSigner(PrivateKey.from_pkcs8(plain))

    def _gate(self, role: Role) -> Gate:
        gate = self._store.wallet.gates.get(role)
        if gate is None:
            raise NotFound(
                f"This wallet has no {PIN_NAMES[role]} yet.",
                hint="wallet apply e-residency, or wallet receive an offer",
            )
        return gate

    def _seal_key(self, role_key: RoleKey, private: PrivateKey) -> str:
        nonce = self._random_bytes(12)
        aad = f"{role_key.role} {private.public_key.thumbprint()}".encode()
        return b64url_encode(nonce + AESGCM(role_key.key).encrypt(nonce, private.export_pkcs8(), aad))

    def _seal(self, key: bytes, code: str, name: str) -> str:
        sealed = seal(key, code, params=self._params, random_bytes=self._random_bytes, context=self._context(name))
        return b64url_encode(sealed)

    def _unseal(self, sealed: str, code: str, name: str) -> bytes | None:
        try:
            return unseal(b64url_decode(sealed), code, context=self._context(name))
        except IdError:
            return None

    def _box(self, puk_key: bytes, key: bytes, role: Role) -> str:
        nonce = self._random_bytes(12)
        return b64url_encode(nonce + AESGCM(puk_key).encrypt(nonce, key, self._context(role)))

    def _unbox(self, puk_key: bytes, boxed: str, role: Role) -> bytes:
        data = b64url_decode(boxed)
        return AESGCM(puk_key).decrypt(data[:12], data[12:], self._context(role))

    def _context(self, name: str) -> bytes:
        return f"openresidency wallet 1, {name} of {self._store.wallet.gates_id}".encode()
