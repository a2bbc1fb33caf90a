"""The W3C Verifiable Credentials Data Model: shape and validity of credentials and presentations, 2.0 and 1.1.

Structure only; proofs, keys and status are elsewhere. A 1.1 credential is judged by the rules of 1.1
alone, never by a mixture. Expansion in safe mode (`credentials.jsonld`) finds undefined terms and
relative identifiers; callers whose proof covers the RDF form have had it done.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final, Literal

from credentials.errors import CredentialExpired, CredentialNotYetValid, MalformedCredential
from credentials.jsonld import CREDENTIALS_V1, CREDENTIALS_V2, Contexts, to_quads
from did.times import parse_time

Version = Literal["1.1", "2.0"]
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]+")
_LANGUAGE_MEMBERS: Final = frozenset({"@value", "@language", "@direction"})
_ENVELOPES: Final = frozenset(
    f"application/{kind}+{form}" for kind in ("vc", "vp") for form in ("jwt", "sd-jwt", "cose;base64")
)
_WITH_TYPE: Final = ("refreshService", "termsOfUse", "evidence", "confidenceMethod", "renderMethod")
_MAX_ITEMS: Final = 256


class NotWellFormed(MalformedCredential):
    """A credential or presentation breaks the data model."""

    type_url: ClassVar[str] = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR"
    default_hint = "Correct the credential as VC Data Model 2.0 section 4 demands, and issue it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A well-formed credential. `subjects` are the ids of its subjects, None for those without one."""

    document: Mapping[str, Any]
    version: Version
    id: str | None
    types: tuple[str, ...]
    issuer: str
    subjects: tuple[str | None, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    statuses: tuple[Mapping[str, Any], ...]

    def check_validity(self, now: datetime) -> None:
        """Raise CredentialNotYetValid or CredentialExpired unless the credential is valid at `now` (4.9)."""
        if self.valid_from is not None and now < self.valid_from:
            raise CredentialNotYetValid("the credential is not valid yet")
        if self.valid_until is not None and now > self.valid_until:
            raise CredentialExpired("the credential has expired")


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """A well-formed presentation. `credentials` are embedded ones, `enveloped` data URLs of secured ones."""

    document: Mapping[str, Any]
    version: Version
    types: tuple[str, ...]
    holder: str | None
    credentials: tuple[Mapping[str, Any], ...]
    enveloped: tuple[str, ...]


def parse_credential(
    document: Mapping[str, Any], *, contexts: Contexts | None = None, expand: bool = True
) -> Credential:
    """Return what a credential says of itself once its shape is right (VCDM 2.0 section 4; VCDM 1.1 section 4).

    `expand` also checks every term and identifier by JSON-LD expansion, without `proof`. Raises
    NotWellFormed, ContextRefused, DataLoss.
    """
    version = _version(document)
    types = _types(document, "VerifiableCredential")
    _check_names(document)
    subjects = _objects(document, "credentialSubject")
    if not subjects or not all(subjects):
        raise NotWellFormed("the credential has no subject, or one without claims")
    valid_from, valid_until = _period(document, version)
    statuses = _typed(document, "credentialStatus", id_required=version == "1.1")
    _typed(document, "credentialSchema", id_required=True)
    for name in _WITH_TYPE:
        _typed(document, name, id_required=False)
    _check_related(document)
    _check_proofs(document)
    issuer = _issuer(document)
    if expand:
        to_quads({name: value for name, value in document.items() if name != "proof"}, contexts=contexts)
    return Credential(
        document=document,
        version=version,
        id=_url(document, "id"),
        types=types,
        issuer=issuer,
        subjects=tuple(_url(subject, "id") for subject in subjects),
        valid_from=valid_from,
        valid_until=valid_until,
        statuses=statuses,
    )


def parse_presentation(
    document: Mapping[str, Any], *, contexts: Contexts | None = None, expand: bool = True
) -> Presentation:
    """Return what a presentation says of itself once its shape, and that of what it embeds, is right (4.13).

    Raises NotWellFormed, ContextRefused, DataLoss.
    """
    version = _version(document)
    types = _types(document, "VerifiablePresentation")
    _url(document, "id")
    _check_proofs(document)
    holder = document.get("holder")
    if isinstance(holder, Mapping):
        holder = _url(holder, "id", required=True)
    elif holder is not None:
        holder = _url(document, "holder")
    _typed(document, "termsOfUse", id_required=False)
    embedded, enveloped = [], []
    for item in _objects(document, "verifiableCredential"):
        kinds = item.get("type")
        if kinds == "EnvelopedVerifiableCredential" or (
            isinstance(kinds, list) and "EnvelopedVerifiableCredential" in kinds
        ):
            enveloped.append(envelope(item))
        else:
            parse_credential(item, contexts=contexts, expand=False)
            embedded.append(item)
    if expand:
        bare = {name: value for name, value in document.items() if name not in ("proof", "verifiableCredential")}
        to_quads(bare, contexts=contexts)
        for item in embedded:
            parse_credential(item, contexts=contexts)
    return Presentation(
        document=document,
        version=version,
        types=types,
        holder=holder,
        credentials=tuple(embedded),
        enveloped=tuple(enveloped),
    )


def envelope(document: Mapping[str, Any]) -> str:
    """Return the data URL of an enveloped credential or presentation (4.13, 4.14). Raises NotWellFormed (T34)."""
    context, url = document.get("@context"), document.get("id")
    if context not in (CREDENTIALS_V2, [CREDENTIALS_V2]) or not isinstance(url, str):
        raise NotWellFormed("an envelope has the base context and an id")
    head, comma, body = url.partition(",")
    if not head.startswith("data:") or head[5:] not in _ENVELOPES or not comma or not body:
        raise NotWellFormed("the id of an envelope is not a data URL of a secured credential or presentation")
    return url


def _version(document: Mapping[str, Any]) -> Version:
    contexts = document.get("@context")
    contexts = [contexts] if isinstance(contexts, str) else contexts
    if not isinstance(contexts, list) or not contexts:
        raise NotWellFormed("there is no @context")
    if contexts[0] not in (CREDENTIALS_V1, CREDENTIALS_V2):
        raise NotWellFormed("the first @context is not the base context of the data model")
    version: Version = "2.0" if contexts[0] == CREDENTIALS_V2 else "1.1"
    if (CREDENTIALS_V1 if version == "2.0" else CREDENTIALS_V2) in contexts:
        raise NotWellFormed("two versions of the data model are mixed")
    return version


def _types(document: Mapping[str, Any], base: str) -> tuple[str, ...]:
    types = document.get("type")
    types = [types] if isinstance(types, str) else types
    if not isinstance(types, list) or base not in types or not all(isinstance(name, str) for name in types):
        raise NotWellFormed(f"the type does not include {base}")
    return tuple(types)


def _url(value: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    if name not in value and not required:
        return None
    url = value.get(name)
    if not isinstance(url, str) or not _URL.fullmatch(url):
        raise NotWellFormed(f"{name} is not a URL")
    return url


def _objects(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    if name not in document:
        return []
    value = document[name]
    items = value if isinstance(value, list) else [value]
    if not items or len(items) > _MAX_ITEMS or not all(isinstance(item, Mapping) for item in items):
        raise NotWellFormed(f"{name} is not one or more objects")
    return items


def _typed(document: Mapping[str, Any], name: str, *, id_required: bool) -> tuple[Mapping[str, Any], ...]:
    items = _objects(document, name)
    for item in items:
        kinds = item.get("type")
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not isinstance(kinds, list) or not kinds or not all(isinstance(kind, str) and kind for kind in kinds):
            raise NotWellFormed(f"{name} has no type")
        _url(item, "id", required=id_required)
    return tuple(items)


def _issuer(document: Mapping[str, Any]) -> str:
    issuer = document.get("issuer")
    if isinstance(issuer, Mapping):
        _check_names(issuer)
        found = _url(issuer, "id", required=True)
    else:
        found = _url(document, "issuer", required=True)
    assert found is not None  # required
    return found


def _period(document: Mapping[str, Any], version: Version) -> tuple[datetime | None, datetime | None]:
    first, last = ("validFrom", "validUntil") if version == "2.0" else ("issuanceDate", "expirationDate")
    valid_from, valid_until = _time(document, first), _time(document, last)
    if version == "1.1" and valid_from is None:
        raise NotWellFormed("the credential has no issuanceDate")
    if valid_from is not None and valid_until is not None and valid_until < valid_from:
        raise NotWellFormed(f"{last} lies before {first}")
    return valid_from, valid_until


def _time(document: Mapping[str, Any], name: str) -> datetime | None:
    if name not in document:
        return None
    try:
        return parse_time(document[name])
    except ValueError as exc:
        raise NotWellFormed(f"{name} is not a date and time with zone") from exc


def _check_names(value: Mapping[str, Any]) -> None:
    """Names and descriptions are text, or language value objects with no other members (4.6, 11.1)."""
    for name in ("name", "description"):
        texts = value.get(name, [])
        for text in texts if isinstance(texts, list) else [texts]:
            if isinstance(text, Mapping):
                fits = isinstance(text.get("@value"), str) and _LANGUAGE_MEMBERS.issuperset(text)
            else:
                fits = isinstance(text, str)
            if not fits:
                raise NotWellFormed(f"{name} is neither text nor text with a language")


def _check_related(document: Mapping[str, Any]) -> None:
    """Related resources have ids of their own and a digest each (5.3)."""
    items = _objects(document, "relatedResource")
    ids = {_url(item, "id", required=True) for item in items}
    digests = all(isinstance(item.get("digestSRI", item.get("digestMultibase")), str) for item in items)
    if len(ids) != len(items) or not digests:
        raise NotWellFormed("a related resource has no digest, or the id of another")


def _check_proofs(document: Mapping[str, Any]) -> None:
    for proof in _objects(document, "proof"):
        if not isinstance(proof.get("type"), str):
            raise NotWellFormed("a proof has no type")
