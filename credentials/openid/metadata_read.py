"""Metadata of credential issuers (OpenID4VCI 1.0 section 12) and of authorization servers (RFC 8414), as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from credentials.errors import ProtocolError
from credentials.openid import haip as profile
from credentials.openid.links import check_url
from credentials.openid.wire import parse_json, required_text, text_array, text_member

ISSUER: Final = "openid-credential-issuer"
AUTHORIZATION_SERVER: Final = "oauth-authorization-server"
ERROR: Final = "invalid_issuer_metadata"
TYPE_MEMBERS: Final[Mapping[str, str]] = {"dc+sd-jwt": "vct", "mso_mdoc": "doctype"}
"""The member of a configuration that names the credential type, by format (Appendix A)."""

MAX_CONFIGURATIONS: Final = 512
MAX_BATCH: Final = 1000
_WHAT: Final = "the issuer metadata"
_SERVER: Final = "the authorization server metadata"
_HINT: Final = "Tell the issuer that its metadata is not as OpenID4VCI 1.0 section 12.2 has it."


def _refused(detail: str) -> ProtocolError:
    return ProtocolError(ERROR, detail, hint=_HINT)


def well_known_url(identifier: str, name: str) -> str:
    """Return the URL of a well-known document: the name goes between host and path (RFC 8414 3.1, VCI 12.2.2)."""
    scheme, _, rest = identifier.partition("://")
    host, slash, path = rest.partition("/")
    path = f"{slash}{path}".rstrip("/")
    return f"{scheme}://{host}/.well-known/{name}{path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialConfiguration:
    """One member of `credential_configurations_supported`; `type` = `vct` or doctype, None for other formats.
    `proof_algs`: proof type -> algorithms, empty when no proof is needed. `raw` is the JSON object."""

    id: str
    format: str
    type: str | None
    scope: str | None
    binding_methods: tuple[str, ...]
    proof_algs: Mapping[str, tuple[str, ...]]
    signing_algs: tuple[str | int, ...]
    raw: Mapping[str, Any] = field(repr=False)

    def display(self, languages: Sequence[str]) -> Mapping[str, Any]:
        """Return the `credential_metadata.display` object for the first language there is, else the first, else {}."""
        metadata = self.raw.get("credential_metadata")
        shown = metadata.get("display") if isinstance(metadata, dict) else None
        found = [one for one in shown if isinstance(one, dict)] if isinstance(shown, list) else []
        for language in languages:
            for one in found:
                locale = one.get("locale")
                if isinstance(locale, str) and locale.split("-")[0].lower() == language.split("-")[0].lower():
                    return one
        return found[0] if found else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerMetadata:
    """Credential issuer metadata; `batch_size` 1 = no batches. `raw` is the JSON object."""

    credential_issuer: str
    authorization_servers: tuple[str, ...]
    credential_endpoint: str
    nonce_endpoint: str | None
    notification_endpoint: str | None
    deferred_credential_endpoint: str | None
    batch_size: int
    configurations: Mapping[str, CredentialConfiguration]
    raw: Mapping[str, Any] = field(repr=False)

    @property
    def server(self) -> str:
        """Return the authorization server to use when the offer names none: the first, or the issuer itself."""
        return self.authorization_servers[0] if self.authorization_servers else self.credential_issuer


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServerMetadata:
    """Authorization server metadata (RFC 8414). `raw` is the JSON object."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None
    pushed_authorization_request_endpoint: str | None
    grant_types: tuple[str, ...]
    dpop_algs: tuple[str, ...]
    anonymous_pre_authorized: bool
    authorization_details_types: tuple[str, ...]
    raw: Mapping[str, Any] = field(repr=False)


# --- parse ---------------------------------------------------------------------------------------


def parse_issuer_metadata(body: bytes) -> IssuerMetadata:
    """Return issuer metadata read from JSON; unknown members are kept in `raw`.

    Raises ProtocolError `invalid_issuer_metadata`.
    """
    return issuer_metadata(parse_json(body, what=_WHAT, error=ERROR))


def issuer_metadata(value: Mapping[str, Any]) -> IssuerMetadata:
    """Return issuer metadata from a decoded JSON object. Raises ProtocolError `invalid_issuer_metadata`."""
    configurations = value.get("credential_configurations_supported")
    if not isinstance(configurations, dict) or len(configurations) > MAX_CONFIGURATIONS:
        raise _refused("the issuer metadata has no credential_configurations_supported, or too many")
    servers = text_array(value, "authorization_servers", what=_WHAT, error=ERROR)
    if servers == ():
        raise _refused("authorization_servers is empty")
    return IssuerMetadata(
        credential_issuer=_text(value, "credential_issuer"),
        authorization_servers=servers or (),
        credential_endpoint=_text(value, "credential_endpoint"),
        nonce_endpoint=_optional(value, "nonce_endpoint"),
        notification_endpoint=_optional(value, "notification_endpoint"),
        deferred_credential_endpoint=_optional(value, "deferred_credential_endpoint"),
        batch_size=_batch_size(value),
        configurations={name: _configuration(name, entry) for name, entry in configurations.items()},
        raw=value,
    )


def _text(value: Mapping[str, Any], name: str) -> str:
    return required_text(value, name, what=_WHAT, error=ERROR)


def _optional(value: Mapping[str, Any], name: str) -> str | None:
    return text_member(value, name, what=_WHAT, error=ERROR)


def _batch_size(value: Mapping[str, Any]) -> int:
    if "batch_credential_issuance" not in value:
        return 1
    batch = value["batch_credential_issuance"]
    size = batch.get("batch_size") if isinstance(batch, dict) else None
    if type(size) is not int or size < 2:
        raise _refused("batch_size is not a number from 2")
    return min(size, MAX_BATCH)


def _configuration(name: str, entry: object) -> CredentialConfiguration:
    if not isinstance(entry, dict):
        raise _refused(f"credential configuration {name} is not a JSON object")
    what = f"credential configuration {name}"
    form = required_text(entry, "format", what=what, error=ERROR)
    kind = TYPE_MEMBERS.get(form)
    methods = text_array(entry, "cryptographic_binding_methods_supported", what=what, error=ERROR)
    proofs = entry.get("proof_types_supported")
    if (methods is None) != (proofs is None):
        raise _refused(f"{what} has binding methods without proof types, or proof types without binding methods")
    algs = entry.get("credential_signing_alg_values_supported", [])
    if not isinstance(algs, list) or not all(type(alg) in (str, int) for alg in algs):
        raise _refused(f"{what} has signing algorithms that are neither names nor numbers")
    return CredentialConfiguration(
        id=name,
        format=form,
        type=required_text(entry, kind, what=what, error=ERROR) if kind else None,
        scope=text_member(entry, "scope", what=what, error=ERROR),
        binding_methods=methods or (),
        proof_algs={} if proofs is None else _proof_algs(proofs, what),
        signing_algs=tuple(algs),
        raw=entry,
    )


def _proof_algs(proofs: object, what: str) -> dict[str, tuple[str, ...]]:
    if not isinstance(proofs, dict) or not proofs:
        raise _refused(f"proof_types_supported of {what} is not a JSON object with members")
    found: dict[str, tuple[str, ...]] = {}
    for name, entry in proofs.items():
        if not isinstance(entry, dict):
            raise _refused(f"proof type {name} of {what} is not a JSON object")
        algs = text_array(entry, "proof_signing_alg_values_supported", what=what, error=ERROR)
        if not algs:
            raise _refused(f"proof type {name} of {what} names no algorithm")
        found[name] = algs
    return found


def parse_authorization_server_metadata(body: bytes) -> AuthorizationServerMetadata:
    """Return server metadata read from JSON. Raises ProtocolError `invalid_issuer_metadata`."""
    value = parse_json(body, what=_SERVER, error=ERROR)

    def texts(name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        found = text_array(value, name, what=_SERVER, error=ERROR)
        return default if found is None else found

    anonymous = value.get("pre-authorized_grant_anonymous_access_supported", False)
    if not isinstance(anonymous, bool):
        raise _refused("pre-authorized_grant_anonymous_access_supported is neither true nor false")
    return AuthorizationServerMetadata(
        issuer=required_text(value, "issuer", what=_SERVER, error=ERROR),
        token_endpoint=required_text(value, "token_endpoint", what=_SERVER, error=ERROR),
        authorization_endpoint=text_member(value, "authorization_endpoint", what=_SERVER, error=ERROR),
        pushed_authorization_request_endpoint=text_member(
            value, "pushed_authorization_request_endpoint", what=_SERVER, error=ERROR
        ),
        grant_types=texts("grant_types_supported", ("authorization_code", "implicit")),
        dpop_algs=texts("dpop_signing_alg_values_supported"),
        anonymous_pre_authorized=anonymous,
        authorization_details_types=texts("authorization_details_types_supported"),
        raw=value,
    )


# --- check ---------------------------------------------------------------------------------------


def check_issuer_metadata(
    metadata: IssuerMetadata, *, credential_issuer: str, dev: bool = False, haip: bool = True
) -> IssuerMetadata:
    """See that the metadata is of the issuer asked for, byte for byte (T43), and that its URLs are https.

    `dev` allows http on loopback names; `haip` also demands scopes and a nonce endpoint. Raises ProtocolError.
    """
    if metadata.credential_issuer != credential_issuer:
        raise _refused("the metadata is of another issuer than the one asked for")
    urls = {
        "credential_issuer": metadata.credential_issuer,
        "credential_endpoint": metadata.credential_endpoint,
        "nonce_endpoint": metadata.nonce_endpoint,
        "notification_endpoint": metadata.notification_endpoint,
        "deferred_credential_endpoint": metadata.deferred_credential_endpoint,
    }
    for name, url in urls.items():
        if url is not None:
            check_url(url, what=name, dev=dev, query=name != "credential_issuer")
    for url in metadata.authorization_servers:
        check_url(url, what="an authorization server", dev=dev, query=False)
    if haip:
        _check_haip(metadata)
    return metadata


def _check_haip(metadata: IssuerMetadata) -> None:
    for name, one in metadata.configurations.items():
        if one.format not in profile.FORMATS:
            continue
        if one.scope is None:
            raise _refused(f"credential configuration {name} has no scope (HAIP 1.0 section 4)")
        if one.binding_methods and metadata.nonce_endpoint is None:
            raise _refused("the issuer binds credentials to keys, but has no nonce_endpoint (HAIP 1.0 section 4)")


def check_authorization_server_metadata(
    metadata: AuthorizationServerMetadata, *, issuer: str, dev: bool = False
) -> AuthorizationServerMetadata:
    """See that `issuer` is the one asked for, byte for byte, and that URLs are https (RFC 8414 3.3).

    Raises ProtocolError.
    """
    if metadata.issuer != issuer:
        raise _refused("the metadata is of another authorization server than the one asked for")
    check_url(metadata.issuer, what="issuer", dev=dev, query=False)
    for name in ("token_endpoint", "authorization_endpoint", "pushed_authorization_request_endpoint"):
        url = getattr(metadata, name)
        if url is not None:
            check_url(url, what=name, dev=dev)
    return metadata
