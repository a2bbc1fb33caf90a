import json
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from credentials.openid import metadata
from tests.unit.credentials.openid.support import ISSUER, NOW, VCT, pki, refused, resign, signer, tampered
from tests.unit.credentials.openid.test_offer import issuer_metadata, server_metadata

BODY: dict[str, Any] = dict(issuer_metadata(batch_size=10).raw)


def parse(**changes: Any) -> metadata.IssuerMetadata:
    value = {name: member for name, member in {**BODY, **changes}.items() if member is not None}
    return metadata.parse_issuer_metadata(json.dumps(value).encode())


def configuration(**changes: Any) -> dict[str, Any]:
    one = {**BODY["credential_configurations_supported"]["pid"], **changes}
    return {"pid": {name: member for name, member in one.items() if member is not None}}


@pytest.mark.parametrize(
    ("identifier", "url"),
    [
        ("https://id.example", "https://id.example/.well-known/openid-credential-issuer"),
        ("https://id.example/", "https://id.example/.well-known/openid-credential-issuer"),
        ("https://id.example/tenant/a", "https://id.example/.well-known/openid-credential-issuer/tenant/a"),
        ("http://localhost:8000", "http://localhost:8000/.well-known/openid-credential-issuer"),
    ],
)
def test_well_known(identifier: str, url: str) -> None:
    assert metadata.well_known_url(identifier, metadata.ISSUER) == url


def test_build_parse_check() -> None:
    found = metadata.check_issuer_metadata(parse(), credential_issuer=ISSUER)
    assert found.batch_size == 10
    assert found.server == ISSUER
    one = found.configurations["e-residency"]
    assert (one.format, one.type, one.scope, one.binding_methods) == ("dc+sd-jwt", VCT, "e-residency", ("jwk",))
    assert one.proof_algs == {"jwt": ("ES256",)}
    assert "credential_metadata" in one.raw
    assert issuer_metadata().batch_size == 1


def test_mdoc_configuration() -> None:
    one = metadata.build_configuration(
        format="mso_mdoc", type="d.1", scope="d", display=[], claims=[], signing_algs=[-7], binding_methods=["cose_key"]
    )
    found = parse(credential_configurations_supported={"d": one}).configurations["d"]
    assert (found.type, found.signing_algs) == ("d.1", (-7,))


def test_display() -> None:
    shown = [{"name": "A", "locale": "en-GB"}, {"name": "B", "locale": "et"}, 5]
    one = parse(
        credential_configurations_supported=configuration(credential_metadata={"display": shown})
    ).configurations["pid"]
    assert one.display(["et-EE"])["name"] == "B"
    assert one.display(["en"])["name"] == "A"
    assert one.display(["pt"])["name"] == "A"
    odd: Any
    for odd in ({"display": {}}, {}, [], None):
        one = parse(credential_configurations_supported=configuration(credential_metadata=odd)).configurations["pid"]
        assert one.display(["en"]) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": None},
        {"credential_endpoint": None},
        {"credential_endpoint": 5},
        {"nonce_endpoint": ""},
        {"authorization_servers": []},
        {"authorization_servers": "https://as"},
        {"batch_credential_issuance": {}},
        {"batch_credential_issuance": {"batch_size": 1}},
        {"batch_credential_issuance": {"batch_size": "10"}},
        {"credential_configurations_supported": None},
        {"credential_configurations_supported": []},
        {"credential_configurations_supported": {"a": 1}},
        {"credential_configurations_supported": configuration(format=None)},
        {"credential_configurations_supported": configuration(vct=None)},
        {"credential_configurations_supported": configuration(proof_types_supported=None)},
        {"credential_configurations_supported": configuration(cryptographic_binding_methods_supported=None)},
        {"credential_configurations_supported": configuration(proof_types_supported={})},
        {"credential_configurations_supported": configuration(proof_types_supported={"jwt": []})},
        {"credential_configurations_supported": configuration(proof_types_supported={"jwt": {}})},
        {"credential_configurations_supported": configuration(credential_signing_alg_values_supported=[None])},
    ],
)
def test_bad_metadata(changes: dict[str, Any]) -> None:
    refused(lambda: parse(**changes), error="invalid_issuer_metadata")


@pytest.mark.parametrize(
    "changes",
    [
        {"credential_issuer": ISSUER + "/"},
        {"credential_issuer": "https://ID.example"},
        {"credential_endpoint": "http://id.example/c"},
        {"nonce_endpoint": "http://id.example/n"},
        {"notification_endpoint": "file:///x"},
        {"authorization_servers": ["http://as.example"]},
        {"nonce_endpoint": None},
        {"credential_configurations_supported": configuration(scope=None)},
    ],
)
def test_T43_metadata_of_another_issuer_or_weaker(changes: dict[str, Any]) -> None:
    refused(lambda: metadata.check_issuer_metadata(parse(**changes), credential_issuer=ISSUER))


def test_without_haip_scope_and_nonce_are_optional() -> None:
    found = parse(nonce_endpoint=None, credential_configurations_supported=configuration(scope=None))
    assert metadata.check_issuer_metadata(found, credential_issuer=ISSUER, haip=False) is found


def test_authorization_server() -> None:
    found = metadata.check_authorization_server_metadata(server_metadata(), issuer=ISSUER)
    assert found.anonymous_pre_authorized
    assert found.dpop_algs == ("ES256",)
    for wrong in (ISSUER + "/", "https://as.example"):
        refused(partial(metadata.check_authorization_server_metadata, server_metadata(), issuer=wrong))
    plain = server_metadata("http://id.example")
    refused(lambda: metadata.check_authorization_server_metadata(plain, issuer="http://id.example"))


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": 1},
        {"token_endpoint": None},
        {"grant_types_supported": "x"},
        {"pre-authorized_grant_anonymous_access_supported": "true"},
    ],
)
def test_bad_server_metadata(changes: dict[str, Any]) -> None:
    body = json.dumps({**server_metadata().raw, **changes}).encode()
    refused(lambda: metadata.parse_authorization_server_metadata(body), error="invalid_issuer_metadata")


def test_grant_types_have_the_default_of_rfc_8414() -> None:
    value = {name: member for name, member in server_metadata().raw.items() if name != "grant_types_supported"}
    found = metadata.parse_authorization_server_metadata(json.dumps(value).encode())
    assert found.grant_types == ("authorization_code", "implicit")


CHAIN = pki("metadata", "meta", "id.example")


def check_signed(jws: str, **changes: Any) -> metadata.IssuerMetadata:
    values: dict[str, Any] = {"credential_issuer": ISSUER, "anchors": [CHAIN.root], "now": NOW}
    return metadata.check_signed_issuer_metadata(jws, **{**values, **changes})


def test_signed_metadata() -> None:
    jws = metadata.build_signed_issuer_metadata(
        json.dumps(BODY).encode(), signer=CHAIN.signer, x5c=CHAIN.x5c, now=NOW, expires_at=NOW + timedelta(days=1)
    )
    assert check_signed(jws).configurations.keys() == {"e-residency", "pid"}
    by = CHAIN.signer
    wrong = [
        tampered(jws),
        resign(jws, signer("stranger")),
        resign(jws, by, header={"typ": "JWT"}),
        resign(jws, by, header={"x5c": None}),
        resign(jws, by, sub=ISSUER + "/x"),
        resign(jws, by, sub=None),
        resign(jws, by, iat=None),
        resign(jws, by, iat=int(NOW.timestamp()) + 120),
        resign(jws, by, exp=int(NOW.timestamp())),
        resign(jws, by, exp="x"),
        resign(jws, by, credential_issuer="https://evil.example"),
        "x",
    ]
    for one in wrong:
        refused(partial(check_signed, one), error="invalid_issuer_metadata")
    refused(lambda: check_signed(jws, anchors=[pki().root]), code="issuer_untrusted")
