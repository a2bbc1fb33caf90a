"""The credential endpoint: what is issued, and what is refused (T50, T51, T53, T62, T63)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509 as crypto_x509
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from credentials.formats import FORMATS
from credentials.jose import parse_jws
from credentials.openid.credential import CredentialRequest, build_credential_request
from credentials.x509 import check_chain, from_pem
from did.encoding import b64url_encode
from did.keys import PrivateKey, PublicKey
from idservice.audit import audit_rows
from idservice.database import transaction
from idservice.issuer import lifecycle
from idservice.issuer.offers import OfferItem, create_offer
from idservice.issuer.tables import copies as copy_rows
from idservice.issuer.tables import issues as issue_rows
from idservice.service import Service

from .wallet import CODE, SIGNING, Resident, Wallet, details, direct, new_key, of_case, refusal, resident

ROLE_TYPE = "official-role"
FORMAT = FORMATS["dc+sd-jwt"]


def keys(count: int) -> list[PrivateKey]:
    return [new_key() for _ in range(count)]


def credentials_of(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["credential"] for one in answer.json()["credentials"]]


def written(service: Service) -> tuple[int, int, int]:
    """Count issued copies, their audit rows, and the status places they took."""
    with transaction(service.engine) as db:
        copies = db.execute(select(func.count()).select_from(copy_rows)).scalar_one()
        places = db.execute(select(func.count(copy_rows.c.status_id.distinct()))).scalar_one()
        audited = select(func.count()).select_from(audit_rows).where(audit_rows.c.act == "credential.issued")
        return copies, db.execute(audited).scalar_one(), places


class Held:
    """A resident with a redeemed offer."""

    def __init__(self, service: Service, client: TestClient, *, wanted: Sequence[Any] = ()) -> None:
        self.who: Resident = resident()
        self.wallet = Wallet(service, client, self.who.auth)
        self.answer = self.wallet.redeem(of_case(service, self.who), wanted=wanted)
        self.access = str(self.answer["access_token"])


def test_one_credential_by_configuration(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    key = new_key()
    answer = wallet.credential(token, [key], configuration=ROLE_TYPE)
    (credential,) = credentials_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert set(answer.json()) == {"credentials", "notification_id"}
    parsed = FORMAT.parse(credential)
    kind = service.types.get(ROLE_TYPE)
    assert parsed.type == kind.vct
    assert parsed.issuer == service.base_url
    assert parsed.holder_key == key.public_key
    assert parsed.status is not None
    assert parsed.unverified_claims["scopes"] == ["cases.read", "cases.propose"]
    assert parsed.unverified_claims["vct#integrity"] == kind.integrity


def test_a_batch_shares_nothing_but_the_dataset_T62_T63(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    batch = keys(10)
    parsed = [
        FORMAT.parse(one)
        for one in credentials_of(held.wallet.credential(held.access, batch, configuration="e-residency"))
    ]
    assert [one.holder_key for one in parsed] == [key.public_key for key in batch]
    places = [(one.status.uri, one.status.index) for one in parsed if one.status is not None]
    assert len(set(places)) == 10
    indexes = [index for _, index in places]
    assert indexes != sorted(indexes) or indexes != list(range(indexes[0], indexes[0] + 10))
    datasets = {json.dumps(_subject(one.unverified_claims), sort_keys=True) for one in parsed}
    assert len(datasets) == 1
    assert all("iat" not in one.unverified_claims for one in parsed)
    ends = {one.valid_until for one in parsed}
    assert len(ends) == 1
    end = ends.pop()
    assert end is not None
    assert (end.hour, end.minute, end.second) == (0, 0, 0)
    assert timedelta(days=13) <= end - service.clock.now() <= timedelta(days=14)


def _subject(claims: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in claims.items() if name not in ("cnf", "status")}


def test_disclosures_have_salts_of_their_own(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    batch = credentials_of(held.wallet.credential(held.access, keys(3), configuration="e-residency"))
    disclosures = [part for one in batch for part in one.split("~")[1:-1]]
    assert len(disclosures) == len(set(disclosures))


def test_issued_is_audited_and_has_a_status_place_each(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    before = written(service)
    held.wallet.credential(held.access, keys(4), configuration="e-residency")
    held.wallet.credential(held.access, [held.who.sign], configuration="signing")
    assert tuple(now - then for now, then in zip(written(service), before, strict=True)) == (5, 5, 5)


def test_slots_give_pairwise_pseudonyms(service: Service, client: TestClient) -> None:
    held = Held(service, client, wanted=details("e-residency"))
    seen = []
    for slot in (0, 63, 0):
        token = held.wallet.refresh(held.answer["refresh_token"]).json()["access_token"]
        (credential,) = credentials_of(held.wallet.credential(token, keys(1), identifier=f"e-residency/{slot}"))
        seen.append(FORMAT.parse(credential).unverified_claims["pairwise_sub"])
    assert seen[0] == seen[2] != seen[1]
    assert len(seen[0]) == 43
    assert CODE not in seen[0]


def test_without_a_slot_there_is_no_pseudonym(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    (credential,) = credentials_of(held.wallet.credential(held.access, keys(1), configuration="e-residency"))
    assert "pairwise_sub" not in FORMAT.parse(credential).unverified_claims


def test_pseudonyms_survive_a_new_case_of_the_same_person(service: Service, client: TestClient) -> None:
    seen = set()
    for _ in range(2):
        held = Held(service, client, wanted=details("e-residency"))
        (one,) = credentials_of(held.wallet.credential(held.access, keys(1), identifier="e-residency/7"))
        seen.add(FORMAT.parse(one).unverified_claims["pairwise_sub"])
    assert len(seen) == 1


def test_refills_say_the_same_as_the_first_copies(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    first = credentials_of(held.wallet.credential(held.access, keys(1), configuration="e-residency"))
    token = held.wallet.refresh(held.answer["refresh_token"]).json()["access_token"]
    second = credentials_of(held.wallet.credential(token, keys(1), configuration="e-residency"))
    assert _subject(FORMAT.parse(first[0]).unverified_claims) == _subject(FORMAT.parse(second[0]).unverified_claims)


# --- signing ------------------------------------------------------------------------------------


def test_signing_carries_a_certificate_of_the_sign_key(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    (credential,) = credentials_of(held.wallet.credential(held.access, [held.who.sign], configuration="signing"))
    chain = from_pem(FORMAT.parse(credential).unverified_claims["certificate"])
    leaf = check_chain(chain[:1], anchors=[chain[-1]], now=service.clock.now(), usage="document_signing")
    assert leaf.public_key == held.who.sign.public_key
    certificate = crypto_x509.load_der_x509_certificate(chain[0])
    assert certificate.not_valid_before_utc <= service.clock.now()
    token = held.wallet.refresh(held.answer["refresh_token"]).json()["access_token"]
    (again,) = credentials_of(held.wallet.credential(token, [held.who.sign], configuration="signing"))
    assert from_pem(FORMAT.parse(again).unverified_claims["certificate"]) == chain


def test_a_long_name_fits_into_the_certificate(service: Service, client: TestClient) -> None:
    who = resident()
    name = "عبد الرحمن " * 9
    item = OfferItem(type_name="signing", claims=SIGNING | {"given_name": name, "family_name": name})
    jkt = who.auth.public_key.thumbprint()
    with transaction(service.engine) as db:
        offer = create_offer(
            db, service, items=[item], case_id=who.case_id, tx_code=False, holder_jkt=jkt, created_by="staff:test"
        )
    wallet = Wallet(service, client, who.auth)
    answer = wallet.credential(wallet.redeem(offer)["access_token"], [who.sign], configuration="signing")
    assert len(credentials_of(answer)) == 1


def test_the_number_of_digests_does_not_tell_which_claims_are_there_T62(service: Service, client: TestClient) -> None:
    held = Held(service, client, wanted=details("e-residency"))
    (with_slot,) = credentials_of(held.wallet.credential(held.access, keys(1), identifier="e-residency/1"))
    token = held.wallet.refresh(held.answer["refresh_token"], scope="e-residency").json()["access_token"]
    (without,) = credentials_of(held.wallet.credential(token, keys(1), configuration="e-residency"))
    numbers = {len(parse_jws(one.partition("~")[0]).unverified_claims()["_sd"]) for one in (with_slot, without)}
    assert len(numbers) == 1


def test_signing_is_issued_for_the_sign_key_only(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    expected = (400, "invalid_proof", "holder_binding_invalid")
    assert refusal(held.wallet.credential(held.access, [new_key()], configuration="signing")) == expected
    assert refusal(held.wallet.credential(held.access, [held.who.auth], configuration="signing")) == expected
    two = [held.who.sign, new_key()]
    assert refusal(held.wallet.credential(held.access, two, configuration="signing"))[1] == "invalid_proof"
    assert held.wallet.credential(held.access, [held.who.sign], configuration="signing").status_code == 200


def test_copies_are_bound_neither_to_the_sign_key_nor_to_the_application_key(
    service: Service, client: TestClient
) -> None:
    held = Held(service, client)
    expected = (400, "invalid_proof", "holder_binding_invalid")
    for key in (held.who.sign, held.who.auth):
        assert refusal(held.wallet.credential(held.access, [new_key(), key], configuration="e-residency")) == expected


# --- T50: proofs --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"audience": "https://other.example"}, "invalid_proof"),
        ({"nonce": "bm90LW91cnM"}, "invalid_nonce"),
        ({"nonce": None}, "invalid_proof"),
        ({"client_id": "someone"}, "invalid_proof"),
        ({"now": datetime(2020, 1, 1, tzinfo=UTC)}, "invalid_proof"),
        ({"now": datetime(2090, 1, 1, tzinfo=UTC)}, "invalid_proof"),
    ],
)
def test_T50_bad_proofs_issue_nothing(service: Service, client: TestClient, change: dict[str, Any], error: str) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    before = written(service)
    proof = wallet.proof(new_key(), **({"nonce": wallet.nonce()} | change))
    body = build_credential_request(CredentialRequest(configuration_id=ROLE_TYPE, proof_type="jwt", proofs=(proof,)))
    answer = wallet.send(token, body)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert written(service) == before


def test_T50_a_proof_with_a_broken_signature_or_another_type_is_refused(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    token = wallet.redeem(direct(service))["access_token"]
    nonce = wallet.nonce()
    good, other = wallet.proof(new_key(), nonce), wallet.proof(new_key(), nonce)
    crossed = good.rpartition(".")[0] + "." + other.rpartition(".")[2]
    for proof in (crossed, wallet.dpop("/vci/credential", access_token=token, nonce=nonce), "x.y.z", ""):
        body = json.dumps({"credential_configuration_id": ROLE_TYPE, "proofs": {"jwt": [proof]}}).encode()
        assert wallet.send(token, body).json()["error"] == "invalid_proof"


def test_T50_all_proofs_share_one_nonce_and_every_key_is_another(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    key, nonce = new_key(), wallet.nonce()
    two_nonces = (wallet.proof(new_key(), nonce), wallet.proof(new_key(), wallet.nonce()))
    same_key = (wallet.proof(key, nonce), wallet.proof(key, nonce))
    for proofs in (two_nonces, same_key):
        body = build_credential_request(CredentialRequest(configuration_id=ROLE_TYPE, proof_type="jwt", proofs=proofs))
        assert wallet.send(token, body).json()["error"] in ("invalid_proof", "invalid_nonce")
    assert wallet.credential(token, [key], configuration=ROLE_TYPE, nonce=nonce).status_code == 200


def test_T50_more_than_ten_proofs_are_refused(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    answer = wallet.credential(token, keys(11), configuration=ROLE_TYPE)
    assert answer.status_code == 400
    assert answer.json()["error"] in ("invalid_proof", "invalid_credential_request")


def test_T50_missing_proofs(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    answer = wallet.send(token, json.dumps({"credential_configuration_id": ROLE_TYPE}).encode())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_proof")


def test_T50_a_proof_with_a_private_key_or_two_key_headers_is_refused(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    key = new_key()
    claims = {"aud": service.base_url, "iat": int(service.clock.now().timestamp()), "nonce": wallet.nonce()}
    for header in (
        {"jwk": {**key.public_key.to_jwk(), "d": "AAAA"}},
        {"jwk": key.public_key.to_jwk(), "kid": "did:key:z6Mk#z6Mk"},
        {},
    ):
        proof = _sign({"typ": "openid4vci-proof+jwt", "alg": "ES256", **header}, claims, key)
        body = json.dumps({"credential_configuration_id": ROLE_TYPE, "proofs": {"jwt": [proof]}}).encode()
        assert wallet.send(token, body).json()["error"] == "invalid_proof"


def _sign(header: dict[str, Any], claims: dict[str, Any], key: PrivateKey) -> str:
    parts = [b64url_encode(json.dumps(part).encode()) for part in (header, claims)]
    return ".".join([*parts, b64url_encode(key.sign(".".join(parts).encode()))])


# --- T51: the nonce -----------------------------------------------------------------------------


def test_T51_the_same_request_again_is_an_invalid_nonce(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    proofs = (wallet.proof(new_key(), wallet.nonce()),)
    body = build_credential_request(CredentialRequest(configuration_id=ROLE_TYPE, proof_type="jwt", proofs=proofs))
    assert wallet.send(token, body).status_code == 200
    assert refusal(wallet.send(token, body)) == (400, "invalid_nonce", "request_replayed")


def test_T51_a_nonce_serves_one_request_of_all_wallets(service: Service, client: TestClient) -> None:
    one, other = Wallet(service, client), Wallet(service, client)
    nonce = one.nonce()
    first, second = one.redeem(direct(service))["access_token"], other.redeem(direct(service))["access_token"]
    assert one.credential(first, keys(1), configuration=ROLE_TYPE, nonce=nonce).status_code == 200
    assert refusal(other.credential(second, keys(1), configuration=ROLE_TYPE, nonce=nonce))[1] == "invalid_nonce"


def test_T51_an_expired_nonce_is_refused(service: Service, client: TestClient, later: Any) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    nonce = wallet.nonce()
    later(timedelta(minutes=5, seconds=1))
    answer = wallet.credential(token, keys(1), configuration=ROLE_TYPE, nonce=nonce)
    assert refusal(answer) == (400, "invalid_nonce", "nonce_mismatch")


def test_T51_a_refused_request_leaves_the_nonce(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    nonce = held.wallet.nonce()
    assert held.wallet.credential(held.access, keys(1), configuration="signing", nonce=nonce).status_code == 400
    answer = held.wallet.credential(held.access, [held.who.sign], configuration="signing", nonce=nonce)
    assert answer.status_code == 200


# --- retries (contract 6) -----------------------------------------------------------------------


def test_the_same_keys_under_a_new_nonce_get_the_same_places_again(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    batch = keys(3)
    first = held.wallet.credential(held.access, batch, configuration="e-residency")
    before = written(service)
    again = held.wallet.credential(held.access, list(reversed(batch)), configuration="e-residency")
    assert written(service) == before
    assert again.json()["notification_id"] == first.json()["notification_id"]
    places = {_key(one): _place(one) for one in credentials_of(first)}
    assert {_key(one): _place(one) for one in credentials_of(again)} == places
    assert [_key(one) for one in credentials_of(again)] == [key.public_key.thumbprint() for key in reversed(batch)]


def _key(credential: str) -> str:
    key: PublicKey | None = FORMAT.parse(credential).holder_key
    assert key is not None
    return key.thumbprint()


def _place(credential: str) -> tuple[str, int]:
    status = FORMAT.parse(credential).status
    assert status is not None
    return status.uri, status.index


@pytest.mark.parametrize("change", ["other", "more", "fewer"])
def test_other_keys_under_the_same_token_are_a_conflict(service: Service, client: TestClient, change: str) -> None:
    held = Held(service, client)
    batch = keys(2)
    held.wallet.credential(held.access, batch, configuration="e-residency")
    sent = {"other": keys(2), "more": [*batch, new_key()], "fewer": batch[:1]}[change]
    answer = held.wallet.credential(held.access, sent, configuration="e-residency")
    assert refusal(answer) == (400, "credential_request_denied", "conflict")


def test_each_identifier_of_a_token_is_issued_once(service: Service, client: TestClient) -> None:
    held = Held(service, client, wanted=details("e-residency"))
    assert held.wallet.credential(held.access, keys(1), identifier="e-residency/1").status_code == 200
    assert held.wallet.credential(held.access, keys(1), identifier="e-residency/2").status_code == 200
    assert refusal(held.wallet.credential(held.access, keys(1), identifier="e-residency/1"))[2] == "conflict"


# --- T53 and the access token -------------------------------------------------------------------


def test_T53_only_what_the_token_covers(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    not_granted = wallet.credential(token, keys(1), configuration="signing")
    unknown = wallet.credential(token, keys(1), configuration="no-such-type")
    assert not_granted.status_code == 400
    assert not_granted.json()["error"] in ("unknown_credential_configuration", "invalid_credential_request")
    assert (unknown.status_code, unknown.json()["error"]) == (400, "unknown_credential_configuration")
    by_identifier = wallet.credential(token, keys(1), identifier="e-residency/0")
    assert by_identifier.json()["error"] in ("unknown_credential_identifier", "invalid_credential_request")


def test_T53_with_identifiers_only_identifiers_will_do(service: Service, client: TestClient) -> None:
    held = Held(service, client, wanted=details("e-residency"))
    by_configuration = held.wallet.credential(held.access, keys(1), configuration="e-residency")
    assert (by_configuration.status_code, by_configuration.json()["error"]) == (400, "invalid_credential_request")
    for name in ("e-residency/64", "e-residency/-1", "e-residency/00", "signing", "x"):
        answer = held.wallet.credential(held.access, keys(1), identifier=name)
        assert (answer.status_code, answer.json()["error"]) == (400, "unknown_credential_identifier"), name


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"credential_configuration_id":"official-role","credential_configuration_id":"official-role"}',
        b'{"format":"dc+sd-jwt","vct":"x","proof":{"proof_type":"jwt","jwt":"a.b.c"}}',
        b'{"credential_configuration_id":"official-role","credential_identifier":"official-role"}',
        b'{"credential_configuration_id":7}',
    ],
)
def test_malformed_requests(service: Service, client: TestClient, body: bytes) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    answer = wallet.send(token, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_credential_request")
    assert answer.headers["content-type"] == "application/json"


def test_an_encrypted_response_is_not_offered(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    request = {
        "credential_configuration_id": ROLE_TYPE,
        "proofs": {"jwt": [wallet.proof(new_key(), wallet.nonce())]},
        "credential_response_encryption": {
            "jwk": {**new_key().public_key.to_jwk(), "alg": "ECDH-ES"},
            "enc": "A128GCM",
        },
    }
    answer = wallet.send(token, json.dumps(request).encode())
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_encryption_parameters")


def test_tokens_that_are_missing_unknown_old_or_in_the_query(service: Service, client: TestClient, later: Any) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    headers = {"content-type": "application/json"}
    for answer in (
        client.post("/vci/credential", content=b"{}", headers=headers),
        client.post(f"/vci/credential?access_token={token}", content=b"{}", headers=headers),
        client.post("/vci/credential", content=b"{}", headers={**headers, "Authorization": "Bearer x"}),
        client.post("/vci/credential", content=b"{}", headers={**headers, "Authorization": f"Basic {token}"}),
    ):
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")
        assert answer.headers["www-authenticate"].startswith("DPoP ")
    later(timedelta(minutes=10, seconds=1))
    assert wallet.send(token, b"{}").status_code == 401


def test_T49_a_dpop_token_needs_its_proof_scheme_and_key(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    token = wallet.redeem(direct(service))["access_token"]
    headers = {"content-type": "application/json"}
    path = "/vci/credential"
    thief = Wallet(service, client, new_key())
    proof = wallet.dpop(path, access_token=token)
    attempts = {
        "bearer": {"Authorization": f"Bearer {token}"},
        "bearer with proof": {"Authorization": f"Bearer {token}", "DPoP": proof},
        "no proof": {"Authorization": f"DPoP {token}"},
        "no ath": {"Authorization": f"DPoP {token}", "DPoP": wallet.dpop(path)},
        "ath of another": {"Authorization": f"DPoP {token}", "DPoP": wallet.dpop(path, access_token="other")},
        "other url": {"Authorization": f"DPoP {token}", "DPoP": wallet.dpop("/vci/notification", access_token=token)},
        "other key": {"Authorization": f"DPoP {token}", "DPoP": thief.dpop(path, access_token=token)},
    }
    for name, extra in attempts.items():
        answer = client.post(path, content=b"{}", headers={**headers, **extra})
        assert answer.status_code == 401, name
        assert answer.json()["error"] in ("invalid_token", "invalid_dpop_proof"), name
    used = {"Authorization": f"DPoP {token}", "DPoP": proof}
    assert client.post(path, content=b"{}", headers={**headers, **used}).status_code == 400
    assert client.post(path, content=b"{}", headers={**headers, **used}).json()["error"] == "invalid_dpop_proof"


def test_only_json_is_read(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    headers = {"Authorization": f"Bearer {token}", "content-type": "text/plain"}
    assert client.post("/vci/credential", content=b"{}", headers=headers).status_code == 415


# --- state of the credential --------------------------------------------------------------------


@pytest.mark.parametrize(("act", "code"), [("suspend", "credential_suspended"), ("revoke", "credential_revoked")])
def test_suspended_and_revoked_people_get_no_copies(service: Service, client: TestClient, act: str, code: str) -> None:
    held = Held(service, client)
    assert held.wallet.credential(held.access, keys(1), configuration="e-residency").status_code == 200
    with transaction(service.engine) as db:
        getattr(lifecycle, act)(db, service, case_id=held.who.case_id, actor="staff:test")
    token = held.wallet.refresh(held.answer["refresh_token"]).json()["access_token"]
    answer = held.wallet.credential(token, keys(1), configuration="e-residency")
    assert refusal(answer) == (400, "credential_request_denied", code)


def test_a_case_that_ended_is_not_refreshed(service: Service, client: TestClient) -> None:
    held = Held(service, client)
    with transaction(service.engine) as db:
        lifecycle.end(db, service, case_id=held.who.case_id, actor="service")
    assert refusal(held.wallet.refresh(held.answer["refresh_token"]))[:2] == (400, "invalid_grant")
    assert held.wallet.credential(held.access, keys(1), configuration="e-residency").status_code == 401


def test_technical_validity_never_outlives_the_administrative_one(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client)
    last = (service.clock.now() + timedelta(days=3)).date()
    claims = {"role": "registrar", "agency_did": "did:web:a.example", "scopes": ["x"], "valid_until": last.isoformat()}
    token = wallet.redeem(direct(service, **claims))["access_token"]
    (credential,) = credentials_of(wallet.credential(token, keys(1), configuration=ROLE_TYPE))
    end = FORMAT.parse(credential).valid_until
    assert end is not None
    assert end.date() == last + timedelta(days=1)


# --- notification -------------------------------------------------------------------------------


def notify(wallet: Wallet, token: str, **message: Any) -> Any:
    return wallet.send(token, json.dumps(message).encode(), path="/vci/notification")


def test_notifications_are_kept_and_may_come_again(service: Service, client: TestClient) -> None:
    wallet = Wallet(service, client, new_key())
    token = wallet.redeem(direct(service))["access_token"]
    number = wallet.credential(token, keys(1), configuration=ROLE_TYPE).json()["notification_id"]
    for _ in range(2):
        answer = notify(wallet, token, notification_id=number, event="credential_accepted", event_description="Mari")
        assert (answer.status_code, answer.content) == (204, b"")
    with transaction(service.engine) as db:
        row = db.execute(select(issue_rows).where(issue_rows.c.notification_id == number)).one()
    assert row.notified == "credential_accepted"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"notification_id": "a" * 22, "event": "credential_accepted"}, "invalid_notification_id"),
        ({"notification_id": "a\u0000b", "event": "credential_accepted"}, "invalid_notification_id"),
        ({"event": "credential_accepted"}, "invalid_notification_request"),
        ({"notification_id": "a" * 22, "event": "credential_eaten"}, "invalid_notification_request"),
    ],
)
def test_bad_notifications(service: Service, client: TestClient, message: dict[str, Any], error: str) -> None:
    wallet = Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    answer = notify(wallet, token, **message)
    assert answer.status_code == 400
    assert answer.json()["error"] in (error, "invalid_notification_request")


def test_T53_a_notification_of_another_person_is_unknown(service: Service, client: TestClient) -> None:
    wallet, thief = Wallet(service, client), Wallet(service, client)
    token = wallet.redeem(direct(service))["access_token"]
    number = wallet.credential(token, keys(1), configuration=ROLE_TYPE).json()["notification_id"]
    other = thief.redeem(direct(service))["access_token"]
    answer = notify(thief, other, notification_id=number, event="credential_deleted")
    assert refusal(answer)[:2] == (400, "invalid_notification_id")
    with transaction(service.engine) as db:
        row = db.execute(select(issue_rows).where(issue_rows.c.notification_id == number)).one()
    assert row.notified is None
