"""An issuer and a verifier in memory that misbehave on request, behind the wallet's own HTTP edge.

A `Simulator` is an `httpx2` transport: the wallet under test talks HTTP to it as to any server.
Without lies it does what OpenResidency's service does, built from the same message library; each name in
`lies` turns one thing wrong. `requests` keeps what the wallet sent.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx2

from credentials import sd_jwt, x509
from credentials.errors import ProtocolError
from credentials.formats import FORMATS
from credentials.formats.base import IssueRequest
from credentials.jose import parse_jws
from credentials.openid import credential as messages
from credentials.openid.dcql import parse_query
from credentials.openid.dpop import check_dpop_proof
from credentials.openid.key_proof import check_key_proofs
from credentials.openid.metadata import (
    build_authorization_server_metadata,
    build_configuration,
    build_issuer_metadata,
)
from credentials.openid.oauth import build_error
from credentials.openid.offer import (
    CredentialOffer,
    OfferReference,
    PreAuthorizedGrant,
    TxCode,
    build_offer,
    build_offer_link,
)
from credentials.openid.purposes import Purpose
from credentials.openid.request import (
    MEDIA_TYPE,
    build_request,
    build_request_link,
    build_transaction_data,
    client_id_for_certificate,
    parse_request_uri_post,
)
from credentials.openid.response import build_response_answer, check_response, encryption_key, parse_response
from credentials.openid.token import (
    GRANT_REFRESH,
    AuthorizationDetail,
    TokenResponse,
    build_token_response,
    parse_token_request,
)
from credentials.signed_list import ListedAgency, ListedIssuer, build_trusted_list
from credentials.status.token_status_list import StatusList, StatusReference, build_token
from credentials.verify import Expected, FetchedStatusList, Verdict, verify_vp_token
from did.encoding import b64url_encode
from did.errors import FetchFailed
from did.keys import PrivateKey, PublicKey
from did.signing import LocalSigner

BASE = "https://id.example"
LIBRARY = "did:web:library.example"
LABELS = {
    "en": {
        "family_name": "Family name",
        "given_name": "Given name",
        "birthdate": "Birth date",
        "personal_administrative_number": "Personal code",
        "date_of_expiry": "Card ends",
        "pairwise_sub": "Pseudonym",
        "picture": "Portrait",
        "municipality_code": "Home town code",
        "address": "Address",
        "resident_since": "Resident since",
        "household_size": "Household size",
        "country": "Country",
    },
    "ar": {"municipality_code": "رمز البلدية", "address": "العنوان", "resident_since": "مقيم منذ"},
}
FACTS: dict[str, dict[str, Any]] = {
    "e-residency": {
        "family_name": "Tamm",
        "given_name": "Maria",
        "birthdate": "1968-05-28",
        "personal_administrative_number": "46805280109",
        "date_of_expiry": "2031-11-21",
        "picture": "data:image/png;base64,AAAA",
    },
    "residency": {
        "municipality_code": "0784",
        "address": "1 Long Street",
        "resident_since": "2019-04-01",
        "household_size": 3,
        "country": "EE",
        "date_of_expiry": "2031-11-21",
    },
    "signing": {"family_name": "Tamm", "given_name": "Maria", "personal_administrative_number": "46805280109"},
}


@dataclass
class Party:
    """A key with a certificate of its own."""

    key: PrivateKey
    leaf: bytes

    @property
    def signer(self) -> LocalSigner:
        return LocalSigner(self.key)

    @property
    def x5c(self) -> list[str]:
        return x509.x5c_encode([self.leaf])


@dataclass
class Asked:
    """One presentation request that waits for its answer."""

    query: Mapping[str, Any]
    nonce: str
    state: str
    key: PrivateKey
    transaction_data: list[str]
    redirect_uri: str | None
    expires_at: datetime
    verdict: Verdict | None = None
    error: str | None = None


@dataclass
class Simulator(httpx2.BaseTransport):
    """See the module. `clock` is the test's clock, which the wallet shares."""

    clock: Callable[[], datetime]
    lies: set[str] = field(default_factory=set)
    requests: list[httpx2.Request] = field(default_factory=list)
    offers: dict[str, tuple[list[str], str | None]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    issued: dict[tuple[str, str], list[tuple[PublicKey, int]]] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    applications: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: StatusList = field(default_factory=lambda: StatusList.empty(2, 4096))
    sequence: int = 7
    agencies: list[ListedAgency] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    before: Callable[[httpx2.Request], None] | None = None
    offer_of_page: str = ""
    request_of_page: str = ""

    def __post_init__(self) -> None:
        now = self.clock()
        self.root_key = PrivateKey.generate("ES256")
        self.root = x509.make_root(
            name="Example root", signer=LocalSigner(self.root_key), now=now, lifetime=timedelta(days=3650)
        )
        self.credential = self._party("credential_signing", "Registrar of Example", uris=[BASE])
        self.status = self._party("status_signing", "Registrar of Example", uris=[BASE])
        self.library = self._party("request_signing", "City Library", dns=["library.example"])
        self.stranger = self._party("request_signing", "Shop X", dns=["shop.example"])
        self.list_key, self.next_list_key = PrivateKey.generate("ES256"), PrivateKey.generate("ES256")
        self.next_index = 10
        if not self.agencies:
            self.agencies = [self.library_entry()]

    def _party(self, profile: Any, name: str, *, uris: list[str] | None = None, dns: list[str] | None = None) -> Party:
        key = PrivateKey.generate("ES256")
        leaf = x509.make_leaf(
            profile=profile,
            subject_name=name,
            uris=uris or [],
            dns_names=dns or [],
            public_key=key.public_key,
            root=self.root,
            root_signer=LocalSigner(self.root_key),
            now=self.clock(),
            lifetime=timedelta(days=365),
        )
        return Party(key=key, leaf=leaf)

    # --- what is published -----------------------------------------------------------------------

    def vct(self, name: str) -> str:
        return f"{BASE}/vct/{name}/1"

    def library_entry(self, certificate: bytes | None = None) -> ListedAgency:
        """The library, which may ask for the home town, and for a pseudonym; and for everything when it trades."""
        return ListedAgency(
            id="library",
            names={"en": "City Library"},
            did=LIBRARY,
            certificates=(x509.fingerprint(certificate or self.library.leaf),),
            origins=(BASE,),
            purposes=(
                Purpose(
                    id="card",
                    labels={"en": "Library card"},
                    claims={self.vct("residency"): (("municipality_code",),)},
                    transaction_data_types=frozenset(),
                ),
                Purpose(
                    id="account",
                    labels={"en": "Reader account"},
                    claims={
                        self.vct("e-residency"): (("pairwise_sub",), ("family_name",), ("picture",)),
                        self.vct("residency"): (("municipality_code",),),
                    },
                    retention="P1Y",
                ),
                Purpose(
                    id="contract",
                    labels={"en": "Signed contract"},
                    claims={self.vct("signing"): (("family_name",), ("given_name",))},
                    transaction_data_types=frozenset({"payment"}),
                ),
            ),
            policy_url="https://library.example/privacy",
        )

    def trusted_list(self) -> str:
        """The signed list."""
        key = PrivateKey.generate("ES256") if "list_other_key" in self.lies else self.list_key
        if "list_next_key" in self.lies:
            key = self.next_list_key
        issuers = [
            ListedIssuer(
                id="https://else.example" if "issuer_unlisted" in self.lies else BASE,
                names={"en": "Registrar of Example"},
                types=frozenset(self.vct(name) for name in FACTS),
                anchors=(self.root,),
                leaf_names=(BASE,),
                dids=("did:web:id.example",),
                status_anchors=(self.root,),
                status_leaf_names=(BASE,),
            )
        ]
        now = self.clock() - (timedelta(days=2) if "list_expired" in self.lies else timedelta())
        return build_trusted_list(
            signer=LocalSigner(key),
            publisher="https://else.example" if "list_other_publisher" in self.lies else BASE,
            sequence=1 if "list_rollback" in self.lies else self.sequence,
            next_key=self.next_list_key.public_key,
            issuers=issuers,
            agencies=[] if "agency_unlisted" in self.lies else self.agencies,
            request_anchors=[self.root],
            now=now,
        )

    def type_metadata(self, name: str) -> bytes:
        claims = [
            {
                "path": [claim],
                "display": [
                    {"locale": locale, "label": words[claim]} for locale, words in LABELS.items() if claim in words
                ],
                "sd": "always",
            }
            for claim in [*FACTS[name], *(["pairwise_sub"] if name == "e-residency" else [])]
        ]
        body = {
            "vct": self.vct(name),
            "name": name,
            "display": [{"locale": "en", "name": name.title()}],
            "claims": claims,
        }
        return json.dumps(body, ensure_ascii=False).encode()

    def issuer_metadata(self) -> bytes:
        configurations = {
            name: build_configuration(
                format="dc+sd-jwt",
                type=self.vct("other") if "metadata_unlisted_type" in self.lies else self.vct(name),
                scope=name,
                display=[{"name": name, "locale": "en"}],
                claims=[
                    {"path": [claim], "display": [{"name": LABELS["en"].get(claim, claim), "locale": "en"}]}
                    for claim in facts
                ],
            )
            for name, facts in FACTS.items()
        }
        return build_issuer_metadata(
            credential_issuer=f"{BASE}/" if "metadata_other_issuer" in self.lies else BASE,
            credential_endpoint=f"{BASE}/vci/credential",
            nonce_endpoint=f"{BASE}/vci/nonce",
            configurations=configurations,
            notification_endpoint=f"{BASE}/vci/notification",
            batch_size=10,
        )

    def server_metadata(self) -> bytes:
        return build_authorization_server_metadata(
            issuer="https://else.example" if "server_other_issuer" in self.lies else BASE,
            token_endpoint=f"{BASE}/vci/token",
            grant_types=["urn:ietf:params:oauth:grant-type:pre-authorized_code", GRANT_REFRESH],
            scopes=list(FACTS),
        )

    # --- offers and requests that a test makes ----------------------------------------------------

    def offer(self, *types: str, tx_code: str | None = None, by_value: bool = False) -> str:
        """Make an offer and return its link."""
        code = f"code-{len(self.offers)}-{'x' * 16}"
        self.offers[code] = (list(types), tx_code)
        if by_value:
            return build_offer_link(self._offer(code))
        return build_offer_link(OfferReference(uri=f"{BASE}/vci/offers/{code}"))

    def _offer(self, code: str) -> CredentialOffer:
        types, tx_code = self.offers[code]
        return CredentialOffer(
            credential_issuer=BASE,
            configuration_ids=("unheard-of",) if "offer_unknown_type" in self.lies else tuple(types),
            pre_authorized=PreAuthorizedGrant(code=code, tx_code=TxCode(length=len(tx_code)) if tx_code else None),
        )

    def ask(
        self,
        query: Mapping[str, Any] | None = None,
        *,
        claims: Mapping[str, list[list[Any]]] | None = None,
        transaction: Mapping[str, Any] | None = None,
        redirect_uri: str | None = None,
        method: str = "post",
        nonce: str | None = None,
    ) -> str:
        """Make a presentation request for `claims` (type -> paths) or a whole query, and return its link."""
        if query is None:
            query = {
                "credentials": [
                    {
                        "id": f"q{number}",
                        "format": "dc+sd-jwt",
                        "meta": {"vct_values": [self.vct(name)]},
                        **({"claims": [{"path": path} for path in paths]} if paths else {}),
                    }
                    for number, (name, paths) in enumerate((claims or {}).items())
                ]
            }
        id_ = f"req{len(self.asked)}"
        data: list[str] = []
        if transaction is not None:
            members = {name: value for name, value in transaction.items() if name not in ("type", "credential_ids")}
            data = [build_transaction_data(transaction["type"], transaction["credential_ids"], **members)]
        self.asked[id_] = Asked(
            query=query,
            nonce=nonce or b64url_encode(sha256(id_.encode()).digest()),
            state=f"state-{id_}-0123456789abcdef",
            key=PrivateKey.generate("ES256"),
            transaction_data=data,
            redirect_uri=redirect_uri,
            expires_at=self.clock() + timedelta(minutes=5),
        )
        return build_request_link(
            client_id=self._client_id(),
            request_uri=f"{BASE}/vp/requests/{id_}",
            method=method if method == "post" else None,
        )

    def _client_id(self) -> str:
        party = self.stranger if "stranger" in self.lies else self.library
        return client_id_for_certificate(party.leaf)

    # --- HTTP ------------------------------------------------------------------------------------

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        self.requests.append(request)
        if self.before is not None:
            self.before(request)
        try:
            return self._answer(request)
        except ProtocolError as exc:
            return self._json(build_error(exc), status=400)

    def sent(self, path: str) -> list[httpx2.Request]:
        """The requests that the wallet sent to a path."""
        return [request for request in self.requests if urlsplit(str(request.url)).path.startswith(path)]

    def _json(self, body: bytes | Mapping[str, Any], *, status: int = 200, **headers: str) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx2.Response(status, content=content, headers={"Content-Type": "application/json", **headers})

    def _text(self, body: str, media_type: str) -> httpx2.Response:
        return httpx2.Response(200, content=body.encode(), headers={"Content-Type": media_type})

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        path = urlsplit(str(request.url)).path
        if "down" in self.lies:
            raise httpx2.ConnectError("down")
        if "slow" in self.lies:
            raise httpx2.ReadTimeout("slow")
        if "redirect" in self.lies and request.method == "GET":
            return httpx2.Response(302, headers={"Location": "https://elsewhere.example/"})
        if "html" in self.lies:
            return httpx2.Response(200, content=b"<html>", headers={"Content-Type": "text/html"})
        if "huge" in self.lies:
            return self._json(b" " * (3 << 20))
        if "compressed" in self.lies:
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            return httpx2.Response(200, stream=httpx2.ByteStream(b"..."), headers=headers)
        for prefix, answer in self._routes():
            if path.startswith(prefix):
                return answer(request, path.removeprefix(prefix))
        return self._problem(404, "not_found", "There is nothing here.")

    def _routes(self) -> Iterator[tuple[str, Callable[[httpx2.Request, str], httpx2.Response]]]:
        yield "/v1/trusted-list", lambda request, rest: self._text(self.trusted_list(), "application/trusted-list+jwt")
        yield "/healthz", lambda request, rest: self._json({"status": "ok"}, Date=self._date())
        yield "/.well-known/openid-credential-issuer", lambda request, rest: self._json(self.issuer_metadata())
        yield "/.well-known/oauth-authorization-server", lambda request, rest: self._json(self.server_metadata())
        yield "/vct/", lambda request, rest: self._json(self.type_metadata(rest.partition("/")[0]))
        yield "/status-lists/", self._status_list
        yield "/vci/offers/", lambda request, rest: self._json(build_offer(self._offer(rest)))
        yield "/vci/token", self._token
        yield "/vci/nonce", self._nonce
        yield "/vci/credential", self._credential
        yield "/vci/notification", lambda request, rest: httpx2.Response(204)
        yield "/vp/requests/", self._request_object
        yield "/vp/responses/", self._response
        yield "/offer/", lambda request, rest: self._json({"offer": self.offer_of_page})
        yield "/r/", lambda request, rest: self._json({"request": self.request_of_page})
        yield "/v1/applications", self._application

    def _date(self) -> str:
        from email.utils import format_datetime

        shift = timedelta(hours=1) if "clock_off" in self.lies else timedelta(seconds=-2)
        return format_datetime(self.clock() + shift, usegmt=True)

    def _problem(self, status: int, code: str, detail: str) -> httpx2.Response:
        body = {"type": f"{BASE}/help/errors/{code}", "title": detail, "status": status, "detail": detail, "code": code}
        content = json.dumps({**body, "hint": "Ask for a new one.", "id": "01JXA7"}).encode()
        return httpx2.Response(status, content=content, headers={"Content-Type": "application/problem+json"})

    # --- issuer ----------------------------------------------------------------------------------

    def _status_list(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        if "status_down" in self.lies:
            raise httpx2.ConnectError("down")
        now = self.clock()
        made = now - (timedelta(days=2) if "status_stale" in self.lies else timedelta())
        token = build_token(
            self.statuses,
            uri=f"{BASE}/status-lists/{'other' if 'status_other_list' in self.lies else rest}",
            signer=(self.credential if "status_other_key" in self.lies else self.status).signer,
            x5c=self.status.x5c,
            issued_at=made,
            expires_at=made + timedelta(hours=24),
            ttl=timedelta(minutes=5),
        )
        return self._text(token, "application/statuslist+jwt")

    def _token(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        if "dpop_nonce" in self.lies and '"nonce"' not in self._dpop_payload(request):
            return self._json({"error": "use_dpop_nonce"}, status=400, **{"DPoP-Nonce": "server-nonce"})
        asked = parse_token_request(request.content)
        jkt = self._jkt(request)
        if asked.grant_type == GRANT_REFRESH:
            known = self.tokens.get(asked.refresh_token or "")
            if known is None or known["jkt"] != jkt:
                raise ProtocolError("invalid_grant", "not this key", code="holder_binding_invalid")
            types = known["types"]
        else:
            types = self._redeem(asked.pre_authorized_code or "", asked.tx_code)
        access = f"access-{len(self.tokens)}"
        details = () if "no_identifiers" in self.lies else self._details(types)
        if not asked.authorization_details:
            details = ()
        self.tokens[access] = {"types": types, "jkt": jkt, "details": details}
        refresh = None if "no_refresh" in self.lies else f"refresh-{jkt}"
        if refresh is not None:
            self.tokens[refresh] = {"types": types, "jkt": jkt}
        response = TokenResponse(
            access_token=access,
            token_type="Bearer" if "token_bearer" in self.lies else "DPoP",
            expires_in=timedelta(minutes=10),
            refresh_token=refresh,
            authorization_details=details,
        )
        return self._json(build_token_response(response))

    def _redeem(self, code: str, tx_code: str | None) -> list[str]:
        if code not in self.offers:
            raise ProtocolError("invalid_grant", "the code was used before", code="request_replayed")
        types, wanted = self.offers[code]
        if wanted is not None and tx_code != wanted:
            raise ProtocolError("invalid_grant", "the transaction code is wrong; tries left: 4", code="tx_code_wrong")
        del self.offers[code]
        return types

    def _details(self, types: list[str]) -> tuple[AuthorizationDetail, ...]:
        return tuple(
            AuthorizationDetail(
                configuration_id=name,
                identifiers=tuple(f"{name}/{slot}" for slot in range(64)) if name == "e-residency" else (name,),
            )
            for name in types
        )

    def _dpop_payload(self, request: httpx2.Request) -> str:
        proof = request.headers.get("dpop", "")
        return json.dumps(parse_jws(proof).unverified_claims()) if proof else ""

    def _jkt(self, request: httpx2.Request, token: str | None = None) -> str:
        url = str(request.url)
        proof = check_dpop_proof(
            request.headers["dpop"], method=request.method, url=url, now=self.clock(), access_token=token
        )
        return proof.jkt

    def _nonce(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        nonce = b64url_encode(sha256(str(len(self.requests)).encode()).digest())
        self.nonces.add(nonce)
        return self._json(messages.build_nonce_response(nonce))

    def _credential(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        scheme, _, access = request.headers["authorization"].partition(" ")
        token = self.tokens[access]
        if scheme == "DPoP" and self._jkt(request, access) != token["jkt"]:
            raise ProtocolError("invalid_token", "not this key")
        wanted = messages.parse_credential_request(request.content)
        keys, nonce = check_key_proofs([str(one) for one in wanted.proofs], audience=BASE, nonce=_any, now=self.clock())
        if "nonce_always_stale" in self.lies or ("stale_nonce" in self.lies and len(self.sent("/vci/nonce")) < 2):
            raise ProtocolError("invalid_nonce", "the nonce is stale", code="nonce_mismatch")
        if nonce not in self.nonces:
            raise ProtocolError("invalid_nonce", "the nonce was used", code="nonce_mismatch")
        self.nonces.discard(nonce)
        if "deferred" in self.lies:
            deferred = messages.DeferredResponse(transaction_id="t1", interval=timedelta(seconds=60))
            return self._json(messages.build_credential_response(deferred), status=202)
        name = (wanted.identifier or wanted.configuration_id or "").partition("/")[0]
        slot = (wanted.identifier or "").partition("/")[2]
        texts = self._issue(access, wanted.identifier or name, name, slot, keys)
        response = messages.CredentialResponse(credentials=tuple(texts), notification_id=f"n-{len(self.requests)}")
        return self._json(messages.build_credential_response(response))

    def _issue(self, access: str, place: str, name: str, slot: str, keys: tuple[PublicKey, ...]) -> list[str]:
        known = self.issued.get((access, place))
        if known is not None and [key for key, _ in known] != list(keys):
            raise ProtocolError("credential_request_denied", "other keys got this credential", code="conflict")
        if known is None:
            known = []
            for key in keys:
                self.next_index += 0 if "shared_index" in self.lies else 3
                known.append((key, self.next_index))
            self.issued[(access, place)] = known
        texts = [self._copy(name, slot, key, index, number) for number, (key, index) in enumerate(known)]
        if "shared_salt" in self.lies and len(texts) > 1:
            texts[1] = self._with_key(texts[0], texts[1])
        if "too_many" in self.lies:
            texts.append(texts[0])
        if "fewer" in self.lies:
            texts = texts[:3]
        return texts

    def _with_key(self, first: str, second: str) -> str:
        """A copy that carries the first one's disclosures: it shares their salts."""
        parsed = sd_jwt.parse_sd_jwt(first)
        return "~".join([second.partition("~")[0], *parsed.disclosures, ""])

    def _copy(self, name: str, slot: str, key: PublicKey, index: int, number: int) -> str:
        facts = dict(FACTS[name])
        if slot:
            facts["pairwise_sub"] = f"slot{int(slot):02}sub"
        if "different_facts" in self.lies and number == 1:
            facts["family_name"] = "Tamme"
        if "control_chars" in self.lies:
            facts["family_name"] = "Tamm\x1b[2J\u202egnp.exe"
        now = self.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        shift = {"expired": timedelta(days=-30), "not_yet": timedelta(days=3)}
        moved = next((by for lie, by in shift.items() if lie in self.lies), timedelta())
        foreign = PrivateKey.generate("ES256")
        request = IssueRequest(
            type=self.vct("signing" if "wrong_type" in self.lies else name),
            issuer="https://else.example" if "wrong_iss" in self.lies else BASE,
            claims=facts,
            disclosable=[(claim,) for claim in facts],
            holder_key=foreign.public_key if "wrong_key" in self.lies else key,
            valid_from=now + moved,
            valid_until=now + moved + timedelta(days=14),
            status=None if "no_status" in self.lies else StatusReference(uri=f"{BASE}/status-lists/1", index=index),
            x5c=self.stranger.x5c if "other_signer" in self.lies else self.credential.x5c,
            type_integrity=None,
        )
        signer = LocalSigner(foreign) if "bad_signature" in self.lies else self.credential.signer
        if "other_signer" in self.lies:
            signer = self.stranger.signer
        return FORMATS["dc+sd-jwt"].issue(request, signer=signer)

    # --- verifier --------------------------------------------------------------------------------

    def _request_object(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        asked = self.asked[rest]
        if self.clock() >= asked.expires_at:
            return self._problem(410, "request_expired", "This request has run out.")
        wallet_nonce = parse_request_uri_post(request.content) if request.method == "POST" else None
        party = self.stranger if "stranger" in self.lies else self.library
        signer = LocalSigner(PrivateKey.generate("ES256")) if "request_other_key" in self.lies else party.signer
        plain = "plain_answer" in self.lies
        origin = "https://evil.example" if "foreign_response_uri" in self.lies else BASE
        token = build_request(
            signer=signer,
            client_id=client_id_for_certificate(self.credential.leaf)
            if "other_client" in self.lies
            else self._client_id(),
            response_uri=f"{origin}/vp/responses/{rest}",
            nonce=asked.nonce,
            query=asked.query,
            now=self.clock(),
            expires_at=asked.expires_at - (timedelta(hours=1) if "request_expired" in self.lies else timedelta()),
            x5c=[*party.x5c, *x509.x5c_encode([self.root])] if "anchor_in_chain" in self.lies else party.x5c,
            state=asked.state,
            response_mode="direct_post" if plain else "direct_post.jwt",
            encryption_jwk=None if plain else encryption_key(asked.key, kid=rest),
            transaction_data=asked.transaction_data,
            wallet_nonce="other" if "wallet_nonce" in self.lies else wallet_nonce,
            audience="https://other-wallet.example" if "request_audience" in self.lies else "https://self-issued.me/v2",
        )
        return self._text(token, "text/plain" if "request_media_type" in self.lies else MEDIA_TYPE)

    def _response(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        asked = self.asked[rest]
        if "answer_lost" in self.lies:
            raise httpx2.ReadTimeout("the answer was lost on its way back")
        answer = check_response(
            parse_response(request.content),
            response_mode="direct_post" if "plain_answer" in self.lies else "direct_post.jwt",
            state=asked.state,
            keys={rest: asked.key},
        )
        if asked.verdict is not None or asked.error is not None:
            raise ProtocolError("invalid_request", "this request was answered", code="request_replayed")
        if answer.vp_token is None:
            asked.error = answer.error
            return self._json(build_response_answer())
        asked.verdict = self.judge(asked, {name: list(given) for name, given in answer.vp_token.items()})
        if asked.verdict.verdict != "valid":
            raise ProtocolError(
                "invalid_request", "the answer was not accepted", code=asked.verdict.code or "malformed"
            )
        uri = "javascript:alert(1)" if "bad_redirect" in self.lies else asked.redirect_uri
        return self._json(build_response_answer(redirect_uri=uri))

    def judge(self, asked: Asked, vp_token: object) -> Verdict:
        """Judge an answer as a verifier."""
        from credentials.signed_list import check_trusted_list, fingerprint

        trusted = check_trusted_list(
            self.trusted_list(), publisher=BASE, pinned=fingerprint(self.list_key.public_key), now=self.clock()
        )
        expected = Expected(
            nonce=asked.nonce,
            audience=self._client_id(),
            query=parse_query(asked.query),
            transaction_data=tuple(asked.transaction_data),
        )
        return verify_vp_token(
            vp_token,
            expected=expected,
            policy=trusted.to_policy(),
            fetch=_no_fetch,
            statuses=self,
            now=self.clock(),
        )

    def get(self, uri: str, *, now: datetime) -> FetchedStatusList:
        """A status source for the verifier."""
        answer = self._status_list(httpx2.Request("GET", uri), uri.rsplit("/", 1)[-1])
        return FetchedStatusList(token=answer.content.decode(), fetched_at=now)

    # --- registrar -------------------------------------------------------------------------------

    def _application(self, request: httpx2.Request, rest: str) -> httpx2.Response:
        if not rest:
            return self._apply(request)
        id_, _, act = rest.strip("/").partition("/")
        case = self.applications.get(id_)
        if act == "answer":
            assert case is not None
            case["state"] = "checks"
            return self._json({"id": id_, "number": case["number"], "state": case["state"]})
        jkt = self._jkt(request)
        if case is None or jkt not in (case["auth"], case["sign"]):
            return self._problem(404, "not_found", "This key has no such case.")
        if act in ("freeze", "revoke"):
            case["state"] = "suspended" if act == "freeze" else "revoked"
            return self._json({"state": case["state"]})
        shown = {name: value for name, value in case.items() if name not in ("auth", "sign")}
        return self._json({"id": id_, **shown, "decision_due": "2026-12-22T00:00:00Z"})

    def _apply(self, request: httpx2.Request) -> httpx2.Response:
        if "form_refused" in self.lies:
            return self._problem(400, "malformed", "form.birthdate is not as it must be")
        jws = parse_jws(json.loads(request.content)["application"])
        claims, key = jws.unverified_claims(), PublicKey.from_jwk(jws.header["jwk"])
        id_ = f"case-{key.thumbprint()[:8]}-{claims['jti']}"
        if id_ not in self.applications:
            number = f"2026-{len(self.applications) + 1:06d}"
            sign = PublicKey.from_jwk(claims["sign_key"]).thumbprint()
            self.applications[id_] = {
                "number": number,
                "type": claims["type"],
                "state": "submitted",
                "auth": key.thumbprint(),
                "sign": sign,
            }
        if "answer_lost" in self.lies:
            raise httpx2.ReadTimeout("the answer was lost on its way back")
        case = self.applications[id_]
        body = {"id": id_, "number": case["number"], "state": case["state"], "decision_due": "2026-12-22T00:00:00Z"}
        return self._json(body, status=201)


def _any(nonce: str) -> None:
    """Every nonce will do; the simulator looks at it afterwards."""


def _no_fetch(url: str, *, accept: str, max_bytes: int) -> Any:
    raise FetchFailed("the simulator fetches nothing")
