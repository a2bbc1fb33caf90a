"""Whom the wallet trusts: the pinned services' signed lists, and what the person added by hand.

A list is used while it is fresh, fetched when it has run out, and fetched once more when something
in hand is not in it (a certificate of an agency, an issuer). An older sequence is refused, a new
list key is taken only when the last list announced it. Nothing is fetched for a stranger.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from credentials import signed_list
from credentials.signed_list import TrustedList, VerifierTrust
from credentials.trust import TrustedIssuer, TrustPolicy
from credentials.x509 import from_pem
from did.encoding import json_object
from did.errors import IdError
from wallet_cli.client import Client, server_error
from wallet_cli.errors import IssuerUntrusted, MissingInput, WalletError
from wallet_cli.folder import read_private_file
from wallet_cli.model import CachedText, ManualTrust, PinnedService
from wallet_cli.text import clean

if TYPE_CHECKING:
    from wallet_cli.session import Session

LIST_PATH: Final = "/v1/trusted-list"
MAX_LIST_BYTES: Final = 1 << 20
MAX_TYPE_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssuer:
    """An issuer the wallet may take credentials from: its name for people, and why it is known."""

    id: str
    name: str
    did: str
    source: str
    types: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DevService:
    """What a development service wrote into its folder for scripts (`dev.json`)."""

    base_url: str
    list_key: str
    ca_pem: str


def read_dev_service(folder: Path) -> DevService:
    """Return what `dev.json` in a service's data folder says. Raises MissingInput, NotFound."""
    try:
        body = json_object(read_private_file(folder / "dev.json", max_bytes=1 << 20, mode_matters=True))
        ca = read_private_file(folder / str(body["ca"]), max_bytes=1 << 20).decode("ascii")
        return DevService(base_url=str(body["base_url"]), list_key=str(body["list_key"]), ca_pem=ca)
    except (KeyError, UnicodeDecodeError) as exc:
        raise MissingInput("dev.json is not one of a development service.", hint="check --service-data") from exc


def fetch_list(client: Client, base_url: str) -> str:
    """Return the signed list that a service publishes now, unchecked."""
    answer = client.get(base_url + LIST_PATH, accept=f"{signed_list.MEDIA_TYPE}, application/jwt;q=0.9")
    if not answer.ok:
        raise server_error(answer)
    try:
        return answer.body.decode("ascii").strip()
    except UnicodeDecodeError:
        raise WalletError("The service's signed list cannot be read.", hint="tell the office that runs it") from None


class Services:
    """The lists of one open wallet."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._checked: dict[str, TrustedList] = {}

    # --- lists -----------------------------------------------------------------------------------

    def lists(self) -> Iterator[tuple[PinnedService, TrustedList]]:
        """Every pinned service with its current list; fetches those that have run out."""
        for service in self._session.wallet.services:
            yield service, self.current(service)

    def current(self, service: PinnedService) -> TrustedList:
        """Return the service's list, from the wallet while it is valid, else fetched."""
        known = self._checked.get(service.base_url)
        if known is None and service.token:
            try:
                known = self._check(service, service.token, sequence=service.sequence)
            except IdError:
                known = None  # run out, or signed by a key that is no longer pinned: only a fresh one will do
            if known is not None:
                self._checked[service.base_url] = known
        return known if known is not None else self.refresh(service)

    def refresh(self, service: PinnedService) -> TrustedList:
        """Fetch and check the service's list and keep it. Raises IssuerUntrusted, ListRolledBack, Unavailable."""
        token = fetch_list(self._session.client, service.base_url)
        checked = self._check(service, token, sequence=service.sequence)
        signer = signed_list.fingerprint(signed_list.parse_trusted_list(token).key)
        if service.token == token and service.pinned == signer:
            self._checked[service.base_url] = checked
            return checked
        service.pinned = signer
        service.announced = checked.next_key
        service.token = token
        service.sequence = checked.sequence
        service.fetched_at = self._session.now()
        self._session.save()
        self._checked[service.base_url] = checked
        return checked

    def refresh_all(self) -> None:
        """Fetch and check every pinned list."""
        for service in self._session.wallet.services:
            self.refresh(service)

    def _check(self, service: PinnedService, token: str, *, sequence: int) -> TrustedList:
        return signed_list.check_trusted_list(
            token,
            publisher=service.base_url,
            pinned=service.pinned,
            announced=service.announced or None,
            sequence=max(sequence, 0),
            now=self._session.now(),
        )

    # --- issuers ---------------------------------------------------------------------------------

    def issuer(self, issuer_id: str) -> KnownIssuer:
        """Return the issuer of this identifier, compared exactly. Raises IssuerUntrusted (T42, T43)."""
        found = self._find_issuer(issuer_id)
        if found is None and self._session.wallet.services:
            self.refresh_all()
            found = self._find_issuer(issuer_id)
        if found is None:
            raise IssuerUntrusted(
                f"The issuer {clean(issuer_id, limit=200)} is not in the signed list.",
                why="Nobody you trust vouches for it.  Nothing was sent to it.",
                hint="ask the office for the right link; if you know the issuer: wallet trust add",
            )
        return found

    def _find_issuer(self, issuer_id: str) -> KnownIssuer | None:
        languages = self.languages
        for _, checked in self.lists():
            for issuer in checked.issuers:
                if issuer.id == issuer_id:
                    return KnownIssuer(
                        id=issuer.id,
                        name=clean(in_language(issuer.names, languages) or issuer.id, limit=60),
                        did=issuer.dids[0] if issuer.dids else issuer.id,
                        source=_source(checked),
                        types=issuer.types,
                    )
        for trusted in self._session.wallet.trusted:
            if trusted.issuer == issuer_id:
                return KnownIssuer(
                    id=issuer_id,
                    name=clean(trusted.name, limit=60),
                    did=trusted.value if trusted.kind == "did" else issuer_id,
                    source="added by you",
                    types=frozenset(trusted.types),
                )
        return None

    def policy(self) -> TrustPolicy:
        """Return which issuers may issue which types: every list, and what was added by hand."""
        issuers: list[TrustedIssuer] = []
        labels: list[str] = []
        for _, checked in self.lists():
            issuers.extend(checked.to_policy().issuers)
            labels.append(_source(checked))
        issuers.extend(_by_hand(trusted) for trusted in self._session.wallet.trusted if trusted.issuer)
        metadata = {vct: text.body.encode() for vct, text in self._session.wallet.types.items()}
        return TrustPolicy(issuers=tuple(issuers), label=", ".join(labels) or "added by you", metadata=metadata)

    def learn_type(self, vct: str) -> None:
        """Fetch the metadata of a type that a trusted issuer may issue, once; labels come from it.

        The credential's own `vct#integrity` is held against it by the verification (T20).
        """
        if vct in self._session.wallet.types or not self.policy().issuers_for(vct):
            return
        answer = self._session.client.get(vct, accept="application/json", max_bytes=MAX_TYPE_BYTES)
        if not answer.ok:
            raise server_error(answer)
        from credentials.type_metadata import parse_type_metadata

        parse_type_metadata(answer.body, vct=vct)
        self._session.wallet.types[vct] = CachedText(body=answer.body.decode(), fetched_at=self._session.now())
        self._session.save()

    # --- verifiers -------------------------------------------------------------------------------

    def verifier_trusts(self) -> Iterator[VerifierTrust]:
        """Whom the wallet answers: one value for each pinned list, each with what was added by hand."""
        wallet = self._session.wallet
        anchors = tuple(
            der for one in wallet.trusted if one.kind == "root" and not one.issuer for der in from_pem(one.value)
        )
        dids = frozenset(one.value for one in wallet.trusted if one.kind == "did" and not one.issuer)
        found = False
        for _, checked in self.lists():
            found = True
            yield VerifierTrust(trusted_list=checked, added_anchors=anchors, added_dids=dids)
        if not found:
            yield VerifierTrust(trusted_list=None, added_anchors=anchors, added_dids=dids)

    @property
    def languages(self) -> tuple[str, ...]:
        """The wallet's language first, English after it."""
        own = self._session.wallet.language
        return (own, "en") if own != "en" else ("en",)


def in_language(texts: Mapping[str, str], languages: tuple[str, ...]) -> str:
    """Return the text in the first language there is, else any, else nothing."""
    for language in languages:
        if language in texts:
            return texts[language]
    return next(iter(texts.values()), "")


def _source(checked: TrustedList) -> str:
    from wallet_cli.views import day

    return f"trusted list {day(checked.issued_at)}"


def _by_hand(trusted: ManualTrust) -> TrustedIssuer:
    root = trusted.kind == "root"
    return TrustedIssuer(
        id=trusted.issuer,
        types=frozenset(trusted.types),
        name=trusted.name,
        anchors=tuple(from_pem(trusted.value)) if root else (),
        dids=frozenset() if root else frozenset({trusted.value}),
    )
