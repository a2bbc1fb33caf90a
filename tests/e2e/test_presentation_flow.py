"""From question to verdict with an honest wallet: signed list, request checked, least set shown, answer encrypted.

The wallet's part is played by the same library that the wallet command uses; the lying wallets are in the verifier's
own tests.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from credentials.formats import FORMATS
from credentials.openid import dcql, purposes, request, response
from credentials.openid.session_words import session_words
from credentials.signed_list import TrustedList, VerifierTrust, check_trusted_list, fingerprint
from did.signing import LocalSigner
from idservice.service import Service
from tests.factories import FixedClock, agency_bearer
from tests.unit.idservice.verifier.wallet import AGES, PERSON, PLANTED, Held, hold, set_status

PID = {
    "family_name": "Tamm",
    "given_name": "Mari",
    "birthdate": "1968-05-28",
    "place_of_birth": {"country": "EE"},
    "nationalities": ["EE", "BR"],
    "address": {"country": "EE", "locality": "Tartu"},
    "issuing_authority": "Registrar",
    "issuing_country": "EE",
    "date_of_expiry": "2031-11-20",
}


class HonestWallet:
    """Keeps copies, knows verifiers by the signed list, shows the least that answers."""

    def __init__(self, service: Service, client: TestClient) -> None:
        self.service = service
        self.client = client
        self.held: dict[str, Held] = {}

    def keep(self, name: str, held: Held) -> Held:
        self.held[name] = held
        return held

    def trusted_list(self) -> TrustedList:
        token = self.client.get("/v1/trusted-list").text
        pinned = fingerprint(self.service.keys.signer("list").public_key)
        return check_trusted_list(token, publisher=self.service.base_url, pinned=pinned, now=self.service.clock.now())

    def read(self, link: str, *, nonce: str = "wallet-nonce-1") -> request.AuthorizationRequest:
        """Fetch a request with a nonce of our own and check it against the signed list."""
        parsed = request.parse_request_link(link, dev=True)
        assert parsed.method == "post"
        form = request.build_request_uri_post(wallet_nonce=nonce)
        answer = self._post(parsed.request_uri, form)
        assert answer.status_code == 200, answer.text
        return request.check_request(
            answer.text,
            link_client_id=parsed.client_id,
            trust=VerifierTrust(trusted_list=self.trusted_list()),
            now=self.service.clock.now(),
            wallet_nonce=nonce,
            transaction_data_types=("document-sign",),
            fetch=self.service.fetch,
            dev=True,
        )

    def answer(self, asked: request.AuthorizationRequest, *, optional: bool = False) -> Response:
        chosen = dcql.match(asked.query, self._views()).first_selection(optional=optional)
        vp_token = {query_id: [self._show(asked, one)] for query_id, one in chosen.items()}
        return self._post(asked.response_uri, response.build_response(asked, vp_token))

    def refuse(self, asked: request.AuthorizationRequest) -> Response:
        return self._post(asked.response_uri, response.build_error_response(asked, "access_denied"))

    def _views(self) -> list[dcql.HeldCredential]:
        return [
            dcql.HeldCredential(
                id=name,
                format="dc+sd-jwt",
                types=(held.vct,),
                claims=FORMATS["dc+sd-jwt"].parse(held.credential).unverified_claims,
            )
            for name, held in self.held.items()
        ]

    def _show(self, asked: request.AuthorizationRequest, chosen: dcql.Candidate) -> str:
        held = self.held[chosen.held_id]
        return FORMATS["dc+sd-jwt"].present(
            held.credential,
            disclose=chosen.concrete,
            signer=LocalSigner(held.key),
            audience=asked.client_id,
            nonce=asked.nonce,
            now=self.service.clock.now(),
            transaction_data=[one.encoded for one in asked.transaction_data],
        )

    def _post(self, url: str, body: bytes) -> Response:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.client.post(urlsplit(url).path, content=body, headers=headers)


@pytest.fixture
def wallet(service: Service, client: TestClient) -> HonestWallet:
    return HonestWallet(service, client)


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    made = client.post("/v1/presentation-requests", json=body, headers=agency_bearer())
    assert made.status_code == 201, made.text
    return dict(made.json())


def result(client: TestClient, made: Mapping[str, Any], **query: str) -> dict[str, Any]:
    got = client.get(f"/v1/presentation-requests/{made['id']}", params=query, headers=agency_bearer())
    assert got.status_code == 200, got.text
    return dict(got.json())


@pytest.mark.parametrize("prefix", ["x509_hash", "decentralized_identifier"])
def test_S03_log_in_to_a_service(service: Service, client: TestClient, wallet: HonestWallet, prefix: str) -> None:
    wallet.keep("e", hold(service))
    made = ask(client, purpose="login", client_id_prefix=prefix)
    asked = wallet.read(made["request"])
    assert asked.verifier.agency is not None
    assert asked.verifier.did == service.agency_did("bank")
    assert session_words(asked.client_id, asked.nonce) == made["words"]
    purposes.check_purpose(asked.query, asked.verifier.agency.purposes)
    answer = wallet.answer(asked)
    assert answer.status_code == 200, answer.text
    done = result(client, made)
    assert done["verdict"]["verdict"] == "valid"
    [claims] = done["claims"]["e"]
    for name in ("personal_administrative_number", "family_name", "given_name", "birthdate", "assurance_level"):
        assert claims[name] == PERSON[name]
    assert not claims.keys() & {"nationalities", "document_number", "email"}


def test_S03_the_same_device_flow_ends_in_the_browser_that_began(
    service: Service, client: TestClient, wallet: HonestWallet
) -> None:
    wallet.keep("e", hold(service))
    back = "http://localhost:8000/back"
    made = ask(client, purpose="login", flow="same_device", redirect_uri=back)
    uri = response.parse_response_answer(wallet.answer(wallet.read(made["request"])).content, dev=True)
    assert uri is not None
    address, _, code = uri.partition("?response_code=")
    assert address == back
    assert result(client, made)["claims"] is None
    assert result(client, made, response_code=code)["claims"]["e"][0]["family_name"] == "Tamm"


def test_S03_fail_suspended(service: Service, client: TestClient, wallet: HonestWallet) -> None:
    set_status(service, wallet.keep("e", hold(service)), "suspended")
    made = ask(client, purpose="login")
    answer = wallet.answer(wallet.read(made["request"]))
    assert answer.status_code == 400
    assert answer.json()["error_description"] == "credential_suspended: The credential is suspended"
    done = result(client, made)
    assert (done["verdict"]["verdict"], done["verdict"]["code"]) == ("invalid", "credential_suspended")


def test_S03_fail_replayed_and_expired(
    service: Service, client: TestClient, wallet: HonestWallet, clock: FixedClock
) -> None:
    wallet.keep("e", hold(service))
    asked = wallet.read(ask(client, purpose="login")["request"])
    assert wallet.answer(asked).status_code == 200
    assert wallet.answer(asked).json()["error_description"].startswith("request_replayed: ")
    late = wallet.read(ask(client, purpose="login")["request"])
    clock.advance(timedelta(minutes=5, seconds=1))
    assert wallet.answer(late).json()["error_description"].startswith("request_expired: ")


@pytest.mark.parametrize("which", ["e", "p"])
def test_S06_either_of_two_credentials_opens_an_account(
    service: Service, client: TestClient, wallet: HonestWallet, which: str
) -> None:
    held = hold(service) if which == "e" else hold(service, "pid", PID)
    wallet.keep(which, held)
    made = ask(client, purpose="kyc")
    assert wallet.answer(wallet.read(made["request"])).status_code == 200
    done = result(client, made)
    assert done["verdict"]["verdict"] == "valid"
    assert set(done["claims"]) == {which}
    [claims] = done["claims"][which]
    assert claims["nationalities"]
    if which == "p":
        assert claims["address"] == {"country": "EE"}


def test_S06_fail_one_valid_and_one_revoked_is_refused_with_its_reason(
    service: Service, client: TestClient, wallet: HonestWallet
) -> None:
    wallet.keep("e", hold(service))
    set_status(service, wallet.keep("a", hold(service, "age-over", AGES)), "revoked")
    query = {
        "credentials": [
            {
                "id": "e",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [service.types.get("e-residency").vct]},
                "claims": [{"path": ["family_name"]}],
            },
            {
                "id": "a",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [service.types.get("age-over").vct]},
                "claims": [{"path": ["age_equal_or_over", "18"]}],
            },
        ]
    }
    made = ask(client, purpose="any", dcql_query=query)
    assert wallet.answer(wallet.read(made["request"])).status_code == 400
    done = result(client, made)
    assert done["verdict"]["code"] == "credential_revoked"
    assert done["claims"] is None


def test_S06_fail_asking_for_a_picture_without_a_purpose(service: Service, client: TestClient) -> None:
    query = {
        "credentials": [
            {
                "id": "p",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [service.types.get("pid").vct]},
                "claims": [{"path": ["picture"]}],
            }
        ]
    }
    body = {"purpose": "kyc", "dcql_query": query}
    answer = client.post("/v1/presentation-requests", json=body, headers=agency_bearer())
    assert (answer.status_code, answer.json()["code"]) == (422, "over_asking")


def test_refusing_and_having_nothing_look_the_same(service: Service, client: TestClient, wallet: HonestWallet) -> None:
    made = ask(client, purpose="login")
    asked = wallet.read(made["request"])
    assert not dcql.match(asked.query, []).satisfiable
    assert wallet.refuse(asked).status_code == 200
    done = result(client, made)
    assert (done["state"], done["verdict"], done["claims"], done["error"]) == ("refused", None, None, "access_denied")


def test_T64_no_list_is_asked_for_by_who_is_shown_what(
    service: Service, client: TestClient, wallet: HonestWallet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The issuer learns nothing of a presentation: our own lists come from the rows, nothing is fetched."""

    def nobody(*_args: Any, **_more: Any) -> Any:
        raise AssertionError("a presentation made an outgoing request")

    monkeypatch.setattr(service.outbound, "__call__", nobody, raising=False)
    monkeypatch.setattr(type(service.outbound), "__call__", nobody)
    wallet.keep("e", hold(service))
    made = ask(client, purpose="login")
    assert wallet.answer(wallet.read(made["request"])).status_code == 200
    assert result(client, made)["verdict"]["verdict"] == "valid"


def test_T65_nothing_disclosed_is_logged(
    service: Service, client: TestClient, wallet: HonestWallet, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    wallet.keep("e", hold(service))
    made = ask(client, purpose="login")
    asked = wallet.read(made["request"])
    wallet.answer(asked)
    wallet.answer(asked)
    done = result(client, made)
    logged = "\n".join(
        f"{record.getMessage()} {record.__dict__}" for record in caplog.records if record.name[:9] == "idservice"
    )
    assert "Tamm" in str(done["claims"])
    assert not [value for value in PLANTED if value in logged]
    for secret in (asked.nonce, asked.state, asked.response_uri.rpartition("/")[2], made["handle"], made["id"]):
        assert str(secret) not in logged
