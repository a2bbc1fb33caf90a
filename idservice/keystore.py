"""The service's keys: one per purpose, sealed at rest, each with leaf certificates from the service's own roots.

A key lies sealed in `DIR/keys/<name>.key`, its leaf beside it in `<name>.pem`. An agency's keys are numbered files
in `DIR/keys/agencies/<id>/`: a new one is published as the next before it signs. Nothing here returns private key
bytes: the rooms get a `Signer` that refuses when time has stepped back (T77, T79, T88).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal, get_args
from urllib.parse import urlsplit

from cryptography.x509 import load_der_x509_certificate

from credentials import x509
from did.keys import PrivateKey, PublicKey
from did.methods.web import WebMethod
from did.signing import LocalSigner, Signer
from idservice.clock import Clock
from idservice.problems import Refused
from idservice.timeguard import FILE as LAST_SIGNED
from idservice.timeguard import GuardedSigner, TimeGuard
from idservice.vault import KEYS_FOLDER, Vault, write_private

Purpose = Literal["credentials", "status", "requests", "metadata", "tokens", "list", "list-next"]
"""What a key may be used for; a key never serves two (T77). `list-next` follows `list` and is announced in it."""
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

ROOT_LIFETIME = timedelta(days=20 * 365)
LEAF_LIFETIME = timedelta(days=365)
LEAF_RENEWAL = timedelta(days=60)
"""A leaf is renewed when less than this is left: far more than any credential it signs lives."""
NEXT_PUBLISHED = timedelta(days=2)
"""How long an agency's next certificate stands in the signed list before it signs: twice the list's life."""

ROOTS = ("service", "requests", "residents")
"""Our roots: `service` for credentials, status and metadata, `requests` for agencies' requests, `residents` for the
certificates of residents' `sign` keys."""

_ROOT_OF: Mapping[Purpose, str] = {
    "credentials": "service",
    "status": "service",
    "metadata": "service",
    "requests": "requests",
}
_USAGE_OF: Mapping[Purpose, x509.Usage] = {
    "credentials": "credential_signing",
    "status": "status_signing",
    "metadata": "metadata",
    "requests": "request_signing",
}
_INSTALLATION = "service.sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What `init` fixed for good, sealed with the keys: identifiers contain the URLs."""

    base_url: str
    staff_url: str
    dev: bool


@dataclass(frozen=True, slots=True)
class _Leaf:
    der: bytes
    not_before: datetime
    not_after: datetime


def _open_file(place: str, folder: Path, vault: Vault) -> Signer:
    sealed = (folder / f"{place}.key").read_bytes()
    return LocalSigner(PrivateKey.from_pkcs8(vault.unseal(sealed, f"key file {place}")))


SIGNER_SCHEMES: Mapping[str, Callable[[str, Path, Vault], Signer]] = {"file": _open_file}
"""Where a key may live: the scheme of its URI -> what opens it (`file:credentials`)."""


class KeyStore:
    """What every room gets as `service.keys`."""

    def __init__(self, data: Path, vault: Vault, clock: Clock, *, signers: Mapping[str, str] | None = None) -> None:
        """Open the keys of a data folder; `signers` gives the URI of those that live elsewhere than in their file."""
        self._folder = data / KEYS_FOLDER
        self._vault = vault
        self._clock = clock
        self._uris = dict(signers or {})
        self._guard = TimeGuard(data / LAST_SIGNED, clock)
        self._signers: dict[str, Signer] = {}
        self._leaves: dict[str, _Leaf] = {}
        self._installation: Installation | None = None
        self._lock = Lock()

    # --- what the rooms use -----------------------------------------------------------------------

    @property
    def installation(self) -> Installation:
        """What `init` sealed."""
        if self._installation is None:
            sealed = (self._folder / _INSTALLATION).read_bytes()
            self._installation = Installation(**json.loads(self._vault.unseal(sealed, "installation")))
        return self._installation

    def signer(self, purpose: Purpose) -> Signer:
        """Return the signer of one purpose. It refuses (`unavailable`) when time has stepped back (T88)."""
        return self._signer(purpose)

    def x5c(self, purpose: Purpose) -> list[str]:
        """Return the `x5c` header value of a purpose: base64 DER, leaf first, the anchor left out (HAIP)."""
        return x509.x5c_encode([self._current_leaf(purpose).der])

    def leaf(self, purpose: Purpose) -> bytes:
        """Return the leaf certificate (DER) of a purpose."""
        return self._current_leaf(purpose).der

    def agency_signer(self, agency_id: str) -> Signer:
        """Return the request-signing key that an agency uses now."""
        return self._signer(_agency_place(agency_id, self._agency_present(agency_id)))

    def agency_x5c(self, agency_id: str) -> list[str]:
        """Return the `x5c` of the agency's present request certificate."""
        place = _agency_place(agency_id, self._agency_present(agency_id))
        return x509.x5c_encode([self._leaf(place).der])

    def agency_certificates(self, agency_id: str) -> list[bytes]:
        """Return the agency's request certificates (DER) that are in force: present, next, and one just replaced."""
        now = self._clock.now()
        leaves = [self._leaf(_agency_place(agency_id, number)) for number in self._agency_numbers(agency_id)]
        return [leaf.der for leaf in reversed(leaves) if leaf.not_after > now]

    def agency_keys(self, agency_id: str) -> list[PublicKey]:
        """Return the public keys of these certificates, newest first, for the agency's DID document."""
        certificates = map(load_der_x509_certificate, self.agency_certificates(agency_id))
        return [PublicKey.from_crypto(certificate.public_key()) for certificate in certificates]

    def agency_kid(self, agency_id: str) -> str:
        """Return the DID URL of the key that signs the agency's requests now, as its DID document lists it."""
        did = did_web(self.installation, "dids", "agencies", agency_id)
        return f"{did}#{self.agency_signer(agency_id).public_key.thumbprint()}"

    def resident_ca(self) -> tuple[bytes, Signer]:
        """Return root (DER) and signer of the authority that certifies residents' `sign` keys."""
        return self._leaf("root-residents").der, self._signer("root-residents")

    def roots(self) -> dict[str, bytes]:
        """Return the roots (DER) by name, see `ROOTS`."""
        return {name: self._leaf(f"root-{name}").der for name in ROOTS}

    def seal(self, plain: bytes, context: str | bytes) -> bytes:
        """Return `plain` sealed for a database row (AES-256-GCM); `context` names table, column and row."""
        return self._vault.seal(plain, context)

    def unseal(self, sealed: bytes, context: str | bytes) -> bytes:
        """Return what was sealed under the same context. Raises Refused (`unavailable`) for anything else."""
        return self._vault.unseal(sealed, context)

    def mac(self, purpose: str, data: bytes) -> bytes:
        """Return a 32-byte HMAC-SHA-256 of `data` under a key of its own for `purpose`."""
        return self._vault.mac(purpose, data)

    def check(self) -> None:
        """Raise Refused (`unavailable`) when the keys cannot be used now: for start-up and `/readyz`."""
        self._guard.check()
        for purpose in PURPOSES:
            self._signer(purpose)
            if purpose in _ROOT_OF:
                self._current_leaf(purpose)

    # --- what init, the agency command and the renewal job use --------------------------------------

    def create(self, installation: Installation) -> None:
        """Make every key, root and leaf of a new data folder."""
        sealed = self._vault.seal(json.dumps(asdict(installation)).encode(), "installation")
        write_private(self._folder / _INSTALLATION, sealed)
        host = urlsplit(installation.base_url).netloc
        for name in ROOTS:
            place = f"root-{name}"
            self._new_key(place)
            root = x509.make_root(
                name=f"{host} {name} root", signer=self._signer(place), now=self._clock.now(), lifetime=ROOT_LIFETIME
            )
            self._write_leaf(place, root)
        for purpose in PURPOSES:
            self._new_key(purpose)
            if purpose in _ROOT_OF:
                self._certify(purpose)

    def add_agency(self, agency_id: str, *, name: str, did: str) -> None:
        """Make the first request key and certificate of an agency."""
        folder = self._folder / "agencies" / agency_id
        folder.mkdir(mode=0o700, parents=True)
        folder.parent.chmod(0o700)
        self._certify_agency(agency_id, 1, name=name, did=did)

    def renew_agency(self, agency_id: str, *, name: str, did: str) -> bool:
        """Make the agency's next key and certificate when the newest one nears its end; return whether it did."""
        number = self._agency_numbers(agency_id)[-1]
        if self._leaf(_agency_place(agency_id, number)).not_after - self._clock.now() > LEAF_RENEWAL:
            return False
        self._certify_agency(agency_id, number + 1, name=name, did=did)
        return True

    # --- inside -----------------------------------------------------------------------------------

    def _signer(self, place: str) -> Signer:
        signer = self._signers.get(place)
        if signer is None:
            scheme, _, rest = self._uris.get(place, f"file:{place}").partition(":")
            opener = SIGNER_SCHEMES.get(scheme)
            if opener is None:
                raise Refused("unavailable", f"keys cannot live under {scheme!r}", hint="Use file:<name>.")
            try:
                signer = GuardedSigner(opener(rest, self._folder, self._vault), self._guard)
            except FileNotFoundError as error:
                raise Refused("unavailable", f"the key {place!r} is missing", hint="Restore the backup.") from error
            self._signers[place] = signer
        return signer

    def _current_leaf(self, purpose: Purpose) -> _Leaf:
        leaf = self._leaf(purpose)
        if leaf.not_after - self._clock.now() > LEAF_RENEWAL:
            return leaf
        with self._lock:
            self._leaves.pop(purpose, None)  # another worker may have renewed it
            leaf = self._leaf(purpose)
            if leaf.not_after - self._clock.now() <= LEAF_RENEWAL:
                self._certify(purpose)
            return self._leaf(purpose)

    def _certify(self, purpose: Purpose) -> None:
        base_url = self.installation.base_url
        host = urlsplit(base_url).hostname or ""
        root = f"root-{_ROOT_OF[purpose]}"
        leaf = x509.make_leaf(
            profile=_USAGE_OF[purpose],
            subject_name=f"{host} {purpose}",
            dns_names=[] if _is_address(host) else [host],
            uris=[base_url],
            public_key=self._signer(purpose).public_key,
            root=self._leaf(root).der,
            root_signer=self._signer(root),
            now=self._clock.now(),
            lifetime=LEAF_LIFETIME,
        )
        self._write_leaf(purpose, leaf)

    def _certify_agency(self, agency_id: str, number: int, *, name: str, did: str) -> None:
        place = _agency_place(agency_id, number)
        if not (self._folder / f"{place}.key").exists():
            self._new_key(place)
        leaf = x509.make_leaf(
            profile="request_signing",
            subject_name=name,
            dns_names=[],
            uris=[did],
            public_key=self._signer(place).public_key,
            root=self._leaf("root-requests").der,
            root_signer=self._signer("root-requests"),
            now=self._clock.now(),
            lifetime=LEAF_LIFETIME,
        )
        self._write_leaf(place, leaf)

    def _agency_numbers(self, agency_id: str) -> list[int]:
        folder = self._folder / "agencies" / agency_id
        numbers = sorted(int(path.stem) for path in folder.glob("*.pem"))
        if not numbers:
            raise Refused("unavailable", f"agency {agency_id} has no request key", hint="Restore the backup.")
        return numbers

    def _agency_present(self, agency_id: str) -> int:
        """The newest key that has been public long enough; any that is in force, if none has."""
        now = self._clock.now()
        alive = [
            (number, leaf)
            for number in self._agency_numbers(agency_id)
            if (leaf := self._leaf(_agency_place(agency_id, number))).not_after > now
        ]
        if not alive:
            raise Refused("unavailable", f"agency {agency_id} has no request certificate in force", hint="Renew it.")
        settled = [number for number, leaf in alive if leaf.not_before + NEXT_PUBLISHED <= now]
        return settled[-1] if settled else alive[0][0]

    def _new_key(self, place: str) -> None:
        key = PrivateKey.generate("ES256")
        sealed = self._vault.seal(key.export_pkcs8(), f"key file {place}")
        write_private(self._folder / f"{place}.key", sealed)

    def _leaf(self, place: str) -> _Leaf:
        leaf = self._leaves.get(place)
        if leaf is None:
            try:
                der = x509.from_pem((self._folder / f"{place}.pem").read_bytes())[0]
            except FileNotFoundError as error:
                raise Refused("unavailable", f"the certificate {place!r} is missing", hint="Restore it.") from error
            leaf = self._leaves[place] = _read_leaf(der)
        return leaf

    def _write_leaf(self, place: str, der: bytes) -> None:
        write_private(self._folder / f"{place}.pem", x509.to_pem(der).encode())
        self._leaves.pop(place, None)


def did_web(installation: Installation, *path: str) -> str:
    """Return the did:web of a path below the base URL (no path: the service itself)."""
    return WebMethod(allow_http_loopback=installation.dev).create(installation.base_url, *path)


def _agency_place(agency_id: str, number: int) -> str:
    return f"agencies/{agency_id}/{number}"


def _read_leaf(der: bytes) -> _Leaf:
    certificate = load_der_x509_certificate(der)
    return _Leaf(der, certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()
