"""DID documents: parse strictly, look a verification method up under a relationship, build.

DID Core 1.1 and Controlled Identifiers 1.0. Unknown members and unknown verification method types
are kept and ignored; whatever we do read must be well formed. Keys are decoded when they are used.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, get_args

from did.errors import DidError, InvalidDidDocument, KeyInvalid, KeyNotAuthorized, NotFound
from did.keys import PublicKey
from did.keytypes import PRIVATE_MEMBERS, RawKey
from did.times import parse_time
from did.url import absolute, parse_did, parse_did_url

DID_CONTEXT = "https://www.w3.org/ns/did/v1.1"
"""The context of documents that we make; it defines Multikey and JsonWebKey."""

Relationship = Literal[
    "authentication", "assertionMethod", "keyAgreement", "capabilityInvocation", "capabilityDelegation"
]
RELATIONSHIPS: tuple[Relationship, ...] = get_args(Relationship)
_MATERIAL = ("publicKeyMultibase", "publicKeyJwk", "publicKeyBase58", "publicKeyHex", "publicKeyPem")
_MULTIBASE_TYPES = {"Multikey": None, "Ed25519VerificationKey2020": "Ed25519", "X25519KeyAgreementKey2020": "X25519"}
_JWK_TYPES = frozenset({"JsonWebKey", "JsonWebKey2020"})
_MAX_METHODS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationMethod:
    """One verification method (CID 1.0, 2.2); `id` is absolute, `data` the object as it stood."""

    id: str
    type: str
    controller: str | None
    data: Mapping[str, Any]
    expires: datetime | None = None
    revoked: datetime | None = None

    def raw_key(self) -> RawKey:
        """Return the key of any registered type; raises KeyInvalid."""
        if self.type in _JWK_TYPES:
            jwk = self.data.get("publicKeyJwk")
            if not isinstance(jwk, Mapping):
                raise KeyInvalid(f"verification method of type {self.type} has no `publicKeyJwk`")
            return RawKey.from_jwk(jwk)
        if self.type not in _MULTIBASE_TYPES:
            raise KeyInvalid("verification method has a type that we do not know")
        text = self.data.get("publicKeyMultibase")
        if not isinstance(text, str):
            raise KeyInvalid(f"verification method of type {self.type} has no `publicKeyMultibase`")
        key, name = RawKey.from_multikey(text), _MULTIBASE_TYPES[self.type]
        if name and key.name != name:
            raise KeyInvalid(f"verification method of type {self.type} holds a {key.name} key")
        return key

    def public_key(self, *, now: datetime | None = None) -> PublicKey:
        """Return the signing key; with `now`, only if it is neither expired nor revoked by then.

        Raises KeyInvalid, or KeyNotAuthorized for the times (CID 1.0, 2.2).
        """
        if now is not None and self.expires is not None and now >= self.expires:
            raise KeyNotAuthorized("verification method has expired")
        if now is not None and self.revoked is not None and now >= self.revoked:
            raise KeyNotAuthorized("verification method has been revoked")
        if self.type in _JWK_TYPES and isinstance(jwk := self.data.get("publicKeyJwk"), Mapping):
            return PublicKey.from_jwk(jwk)
        return PublicKey.from_raw_key(self.raw_key())


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of a DID document; `id` is absolute, `endpoint` as it stood (DID Core 5.4)."""

    id: str
    types: tuple[str, ...]
    endpoint: Any
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DidDocument:
    """A checked DID document. `data` is the JSON object as it was read; ids in the tables are absolute."""

    id: str
    data: Mapping[str, Any]
    methods: Mapping[str, VerificationMethod]
    relationships: Mapping[Relationship, tuple[str, ...]]
    services: tuple[Service, ...] = ()
    also_known_as: tuple[str, ...] = ()
    controllers: tuple[str, ...] = ()

    def method(self, method_id: str, *, relationship: Relationship | None) -> VerificationMethod:
        """Return the method `method_id` (absolute, or `#…`), listed under `relationship` and ours to control.

        Raises NotFound, or KeyNotAuthorized (CID 1.0, 3.3 "Retrieve Verification Method").
        """
        wanted = absolute(method_id, base=self.id)
        method = self.methods.get(wanted)
        if method is None:
            raise NotFound("DID document has no such verification method")
        if relationship is not None and wanted not in self.relationships[relationship]:
            raise KeyNotAuthorized(f"verification method is not listed under {relationship}")
        if method.controller is None:
            raise KeyNotAuthorized("verification method names no controller")
        if method.controller != self.id:
            # Its controller's own document would have to list it; such a detour serves nobody here.
            raise KeyNotAuthorized("verification method is controlled by another DID")
        return method

    def service(self, service_id: str) -> Service:
        """Return the service whose fragment is `service_id`; raises NotFound."""
        for service in self.services:
            if service.id.partition("#")[2] == service_id:
                return service
        raise NotFound("DID document has no such service")

    def to_json(self) -> dict[str, Any]:
        """Return the document as a JSON object, unknown members included."""
        return dict(self.data)


def parse_document(value: Mapping[str, Any], *, did: str) -> DidDocument:
    """Return the document in the JSON object `value`, whose `id` must equal `did` (T39).

    Raises InvalidDidDocument: another `id`, doubled ids, two forms of key material, private members, ….
    """
    try:
        return _parse(value, did)
    except InvalidDidDocument:
        raise
    except DidError as exc:
        raise InvalidDidDocument(f"DID document: {exc.detail}") from exc


def _parse(value: Mapping[str, Any], did: str) -> DidDocument:
    if value.get("id") != did:
        raise InvalidDidDocument("`id` of the DID document is not the DID that was asked for")
    methods: dict[str, VerificationMethod] = {}
    for entry in _objects(value, "verificationMethod"):
        _add_method(methods, entry, did)
    relationships: dict[Relationship, tuple[str, ...]] = {}
    for name in RELATIONSHIPS:
        ids = []
        for item in _list(value, name):
            if isinstance(item, str):
                ids.append(absolute(item, base=did))
            else:
                ids.append(_add_method(methods, item, did))
        relationships[name] = tuple(ids)
    if len(methods) > _MAX_METHODS:
        raise InvalidDidDocument(f"DID document has more than {_MAX_METHODS} verification methods")
    services = tuple(_service(item, did) for item in _objects(value, "service"))
    if len({service.id for service in services}) != len(services):
        raise InvalidDidDocument("DID document has two services with one id")
    controllers = value.get("controller", [])
    controllers = [controllers] if isinstance(controllers, str) else controllers
    return DidDocument(
        id=did,
        data=MappingProxyType(dict(value)),
        methods=MappingProxyType(methods),
        relationships=MappingProxyType(relationships),
        services=services,
        also_known_as=_strings({"alsoKnownAs": value.get("alsoKnownAs", [])}, "alsoKnownAs"),
        controllers=tuple(parse_did(text).did for text in _strings({"controller": controllers}, "controller")),
    )


def _add_method(methods: dict[str, VerificationMethod], entry: Any, did: str) -> str:
    method = _method(entry, did)
    if method.id in methods:
        raise InvalidDidDocument("DID document has two verification methods with one id")
    methods[method.id] = method
    return method.id


def _method(entry: Any, did: str) -> VerificationMethod:
    if not isinstance(entry, Mapping):
        raise InvalidDidDocument("verification method is not an object")
    method_id, kind, controller = entry.get("id"), entry.get("type"), entry.get("controller")
    # Some writers leave `controller` out: such a method is kept, and no key is ever taken from it.
    if not (isinstance(method_id, str) and isinstance(kind, str) and isinstance(controller, str | None)):
        raise InvalidDidDocument("verification method lacks `id` or `type` as text")
    if sum(name in entry for name in _MATERIAL) > 1:
        raise InvalidDidDocument("verification method has its key in two forms")
    jwk = entry.get("publicKeyJwk")
    if isinstance(jwk, Mapping) and PRIVATE_MEMBERS & jwk.keys():
        raise InvalidDidDocument("verification method publishes a private key")
    if "secretKeyMultibase" in entry or "secretKeyJwk" in entry or "privateKeyJwk" in entry:
        raise InvalidDidDocument("verification method publishes a private key")
    url = absolute(method_id, base=did)
    if parse_did_url(url).fragment is None:
        raise InvalidDidDocument("`id` of a verification method has no fragment")
    return VerificationMethod(
        id=url,
        type=kind,
        controller=None if controller is None else parse_did(controller).did,
        data=MappingProxyType(dict(entry)),
        expires=_time(entry, "expires"),
        revoked=_time(entry, "revoked"),
    )


def _time(entry: Mapping[str, Any], name: str) -> datetime | None:
    value = entry.get(name)
    if value is None:
        return None
    try:
        return parse_time(value)
    except ValueError as exc:
        raise InvalidDidDocument(f"`{name}` of a verification method is not a date and time with zone") from exc


def _service(item: Mapping[str, Any], did: str) -> Service:
    service_id, kinds, endpoint = item.get("id"), item.get("type"), item.get("serviceEndpoint")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not isinstance(service_id, str) or not isinstance(kinds, list) or not kinds:
        raise InvalidDidDocument("service lacks `id` or `type`")
    if not all(isinstance(kind, str) for kind in kinds) or not isinstance(endpoint, str | Mapping | list):
        raise InvalidDidDocument("service has a `type` or `serviceEndpoint` of another kind than DID Core allows")
    # A service id may be any URI; only `#…` is relative.
    url = did + service_id if service_id.startswith("#") else service_id
    return Service(id=url, types=tuple(kinds), endpoint=endpoint, data=MappingProxyType(dict(item)))


def _list(value: Mapping[str, Any], name: str) -> Sequence[Any]:
    items = value.get(name, [])
    if not isinstance(items, list) or len(items) > _MAX_METHODS:
        raise InvalidDidDocument(f"`{name}` is not a list of at most {_MAX_METHODS}")
    return items


def _objects(value: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    items = _list(value, name)
    if not all(isinstance(item, Mapping) for item in items):
        raise InvalidDidDocument(f"`{name}` holds something other than objects")
    return items


def _strings(value: Mapping[str, Any], name: str) -> tuple[str, ...]:
    items = _list(value, name)
    if not all(isinstance(item, str) for item in items):
        raise InvalidDidDocument(f"`{name}` holds something other than text")
    return tuple(items)


def method_json(method_id: str, *, controller: str, key: RawKey, form: str = "Multikey") -> dict[str, Any]:
    """Return a verification method of `form` "Multikey" or "JsonWebKey" for `key` (CID 1.0, 2.2.2 and 2.2.3)."""
    if form == "JsonWebKey":
        return {"id": method_id, "type": form, "controller": controller, "publicKeyJwk": key.to_jwk()}
    if form not in _MULTIBASE_TYPES:
        raise KeyInvalid(f"{form!r} is not a form of verification method that we write")
    return {"id": method_id, "type": form, "controller": controller, "publicKeyMultibase": key.to_multikey()}


def build_document(
    did: str,
    *,
    methods: Mapping[str, PublicKey],
    relationships: Mapping[Relationship, Sequence[str]],
    form: str = "Multikey",
    services: Sequence[Mapping[str, Any]] = (),
    also_known_as: Sequence[str] = (),
) -> DidDocument:
    """Return a new document of `did` with keys by fragment (`{"key-1": key}`), listed by fragment.

    The result has passed `parse_document`; raises InvalidDidDocument.
    """
    value: dict[str, Any] = {"@context": [DID_CONTEXT], "id": did}
    if also_known_as:
        value["alsoKnownAs"] = list(also_known_as)
    value["verificationMethod"] = [
        method_json(f"{did}#{name}", controller=did, key=key.to_raw_key(), form=form) for name, key in methods.items()
    ]
    for relationship, names in relationships.items():
        value[relationship] = [f"{did}#{name}" for name in names]
    if services:
        value["service"] = [dict(service) for service in services]
    document = parse_document(value, did=did)
    for relationship in document.relationships:
        for method_id in document.relationships[relationship]:
            document.method(method_id, relationship=relationship)
    return document
