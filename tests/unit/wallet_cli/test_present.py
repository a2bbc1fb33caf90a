"""Presenting: what leaves the wallet, to whom, after which yes; and what never does."""

import pytest

from credentials.jose import parse_jws
from credentials.sd_jwt import parse_sd_jwt
from did.encoding import json_object
from tests.simulator import BASE, LIBRARY, Simulator
from tests.unit.wallet_cli.driver import Driver

TOWN = {"residency": [["municipality_code"]]}
CONSENT = {"verifier": LIBRARY, "purpose": "card", "claims": {"residency": ["municipality_code"]}}


@pytest.fixture
def holder(wallet: Driver, server: Simulator) -> Driver:
    """A wallet that holds residency, e-residency and signing."""
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.ok("receive", server.offer("e-residency", "signing"), stdin="yes\n")
    server.requests.clear()
    return wallet


def answers(server: Simulator) -> list[bytes]:
    return [request.content for request in server.sent("/vp/responses/")]


def test_a_yes_sends_exactly_what_was_shown(holder: Driver, server: Simulator) -> None:
    ended = holder.type("present", server.ask(claims=TOWN), stdin="yes\n")
    assert ended.json == {
        "outcome": "granted",
        "verifier": LIBRARY,
        "request": "req0",
        "disclosed": [["municipality_code"]],
    }
    verdict = server.asked["req0"].verdict
    assert verdict is not None and verdict.verdict == "valid"
    assert verdict.credentials[0].claims == {"municipality_code": "0784"}
    for words in ("City Library", LIBRARY, "registered, list of 22 Nov 2026", "Library card", "0784", "They keep"):
        assert words in ended.stderr
    assert "1 Long Street" not in ended.stderr


def test_T92_nothing_leaves_before_the_yes(holder: Driver, server: Simulator) -> None:
    link = server.ask(claims=TOWN)
    holder.fails("present", link, stdin="", code="malformed", exit_code=2)
    ended = holder.fails("present", link, no_input=True, code="malformed", exit_code=2)
    assert "--consent-file" in ended.stderr
    assert not answers(server)
    holder.fails("present", link, stdin="maybe\ny\nYE\n", code="access_denied", exit_code=3)
    assert server.asked["req0"].error == "access_denied"
    assert len(holder.look().credentials[0].copies) == 10


def test_refusal_and_absence_look_the_same_outside(holder: Driver, server: Simulator) -> None:
    holder.fails("present", server.ask(claims=TOWN), stdin="no\n", code="access_denied", exit_code=3)
    query = {"credentials": [{"id": "x", "format": "dc+sd-jwt", "meta": {"vct_values": [server.vct("pid")]}}]}
    holder.fails("present", server.ask(query), stdin="yes\n", code="access_denied", exit_code=4)
    refused, absent = answers(server)
    assert refused.replace(b"req0", b"") == absent.replace(b"req1", b"")


def test_dry_run_shows_and_stops(holder: Driver, server: Simulator) -> None:
    said = holder.ok("present", server.ask(claims=TOWN), "--dry-run")
    assert said["outcome"] == "dry_run" and said["purposes"][0] == "card"
    assert said["would_disclose"] == [{"query_id": "q0", "type": "residency", "claims": [["municipality_code"]]}]
    assert not answers(server)


def test_a_copy_is_shown_once_and_marked_before_it_leaves(holder: Driver, server: Simulator) -> None:
    for _ in range(3):
        holder.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    assert len(holder.look().credentials[0].copies) == 7
    server.lies.add("answer_lost")
    before = {copy.text for copy in holder.look().credentials[0].copies}
    holder.fails("present", server.ask(claims=TOWN), consent=CONSENT, code="unavailable", exit_code=6)
    after = {copy.text for copy in holder.look().credentials[0].copies}
    assert len(before - after) == 1, "it may have arrived, so it counts as shown"


def test_T62_T63_no_two_answers_share_a_key_a_salt_or_a_status_place(holder: Driver, server: Simulator) -> None:
    from credentials.openid.response import check_response, parse_response

    keys, salts, places, signatures = set(), set(), set(), set()
    for number in range(4):
        holder.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
        asked = server.asked[f"req{number}"]
        body = answers(server)[-1]
        answer = check_response(
            parse_response(body), response_mode="direct_post.jwt", state=asked.state, keys={f"req{number}": asked.key}
        )
        assert answer.vp_token is not None
        presentation = parse_sd_jwt(str(answer.vp_token["q0"][0]))
        claims = presentation.jws.unverified_claims()
        keys.add(claims["cnf"]["jwk"]["x"])
        places.add(claims["status"]["status_list"]["idx"])
        salts |= set(presentation.disclosures)
        signatures.add(presentation.jws.signature)
    assert [len(found) for found in (keys, salts, places, signatures)] == [4, 4, 4, 4]


REFUSED = [
    ("wallet_nonce", "nonce_mismatch"),
    ("other_client", "verifier_untrusted"),
    ("request_other_key", "signature_invalid"),
    ("stranger", "verifier_untrusted"),
    ("foreign_response_uri", "verifier_untrusted"),
    ("request_expired", "request_expired"),
    ("request_audience", "audience_mismatch"),
    ("anchor_in_chain", "verifier_untrusted"),
    ("plain_answer", "malformed"),
    ("request_media_type", "malformed"),
    ("redirect", "malformed"),
]


@pytest.mark.parametrize(("lie", "code"), REFUSED, ids=[lie for lie, _ in REFUSED])
def test_T55_T56_a_request_that_is_not_right_is_refused_and_shows_nothing(
    holder: Driver, server: Simulator, lie: str, code: str
) -> None:
    link = server.ask(claims=TOWN, method="get" if lie == "redirect" else "post")
    server.lies.add(lie)
    if lie in ("stranger", "other_client"):
        link = server.ask(claims=TOWN)
    ended = holder.fails("present", link, stdin="yes\n", code=code, exit_code=1)
    assert "They will get" not in ended.stderr and "City Library" not in ended.stderr
    assert not answers(server)


def test_a_request_whose_time_is_over(holder: Driver, server: Simulator) -> None:
    link = server.ask(claims=TOWN)
    holder.advance(minutes=6)
    ended = holder.fails("present", link, stdin="yes\n", code="request_expired", exit_code=1)
    assert "Not sent: this request has run out." in ended.stderr and "id 01JXA7" in ended.stderr


def test_a_certificate_the_list_lacks_has_the_list_fetched_once(holder: Driver, server: Simulator) -> None:
    server.library = server._party("request_signing", "City Library", dns=["library.example"])
    server.agencies = [server.library_entry()]
    server.sequence += 1
    holder.ok("present", server.ask(claims=TOWN), stdin="yes\n")
    assert len(server.sent("/v1/trusted-list")) == 1
    server.lies.add("stranger")
    holder.fails("present", server.ask(claims=TOWN), stdin="yes\n", code="verifier_untrusted", exit_code=1)
    assert len(server.sent("/v1/trusted-list")) == 2


def test_T61_what_goes_beyond_the_registration_is_shown_and_refused(holder: Driver, server: Simulator) -> None:
    link = server.ask(claims={"residency": [["municipality_code"], ["address"]]})
    ended = holder.fails("present", link, stdin="yes\n", code="over_asking", exit_code=5)
    assert "! Not in its registration: residency: address" in ended.stderr
    assert server.asked["req0"].error == "access_denied"
    [row] = holder.ok("history", "--limit", "1")["events"]
    assert row["outcome"] == "refused" and "asked municipality_code, address" in row["what"]
    assert row["claims"] == []


def test_T92_a_consent_file_is_for_this_verifier_purpose_and_claims(holder: Driver, server: Simulator) -> None:
    changes: list[dict[str, object]] = [
        {"verifier": "did:web:other.example"},
        {"purpose": "account-closing"},
        {"claims": {"residency": []}},
        {"claims": {"residency": ["municipality_code", "address"]}},
        {"claims": {"e-residency": ["municipality_code"]}},
        {"claims": ["address"]},
    ]
    for change in changes:
        link = server.ask(claims=TOWN)
        holder.fails("present", link, consent={**CONSENT, **change}, code="access_denied", exit_code=3)
    assert all(asked.verdict is None for asked in server.asked.values())
    for same in ({"purpose": "Library card"}, {"claims": ["municipality_code"]}, {"claims": [["municipality_code"]]}):
        holder.ok("present", server.ask(claims=TOWN), consent={**CONSENT, **same}, no_input=True)


@pytest.mark.parametrize(
    "consent", [{}, {"verifier": LIBRARY}, {**CONSENT, "yes": True}, {**CONSENT, "claims": "all"}, []]
)
def test_a_consent_file_that_does_not_say_all_is_none(holder: Driver, server: Simulator, consent: object) -> None:
    holder.fails("present", server.ask(claims=TOWN), consent=consent, code="malformed", exit_code=2)
    assert not server.sent("/vp/")


def test_a_portrait_needs_a_second_yes(holder: Driver, server: Simulator) -> None:
    claims = {"e-residency": [["family_name"], ["picture"]]}
    holder.fails("present", server.ask(claims=claims), stdin="yes\nno\n", code="access_denied", exit_code=3)
    consent = {"verifier": LIBRARY, "purpose": "account", "claims": ["family_name", "picture"]}
    holder.fails("present", server.ask(claims=claims), consent=consent, code="access_denied", exit_code=3)
    holder.ok("present", server.ask(claims=claims), consent={**consent, "portrait_and_health": True}, no_input=True)
    holder.ok("present", server.ask(claims=claims), stdin="yes\nyes\n")


def test_a_pseudonym_stays_the_same_for_one_agency_and_is_shown_to_no_other(holder: Driver, server: Simulator) -> None:
    claims = {"e-residency": [["pairwise_sub"]]}
    for _ in range(2):
        holder.ok("present", server.ask(claims=claims), stdin="yes\n")
    first, second = (server.asked[name].verdict for name in ("req0", "req1"))
    assert first is not None and second is not None
    assert first.credentials[0].claims == second.credentials[0].claims
    held = holder.look()
    tied = held.slots[BASE]
    assert list(tied.values()) == [LIBRARY]
    [slot] = tied
    spare = {copy.identifier for copy in held.credentials[1].copies} - {slot}
    assert len(spare) == 1, "one untied slot is kept ahead"

    holder.ok("present", server.ask(claims={"e-residency": [["family_name"]]}), stdin="yes\n")
    used = holder.look()
    assert len([copy for copy in used.credentials[1].copies if copy.identifier == slot]) == 8, "tied copies are kept"


def test_the_signing_key_does_not_log_in(holder: Driver, server: Simulator) -> None:
    link = server.ask(claims={"signing": [["family_name"]]})
    holder.fails("present", link, stdin="yes\n", code="policy_not_met", exit_code=5)
    assert server.asked["req0"].error == "access_denied"


def test_a_payment_is_confirmed_with_pin2_once_it_was_changed(holder: Driver, server: Simulator) -> None:
    payment = {"type": "payment", "credential_ids": ["q0"], "amount": "12.50", "currency": "EUR", "payee": "Treasury"}
    claims = {"signing": [["family_name"]]}
    ended = holder.fails(
        "present", server.ask(claims=claims, transaction=payment), stdin="yes\n", code="policy_not_met", exit_code=5
    )
    assert "wallet pin change pin2" in ended.stderr
    holder.secrets["new_pin2"] = "86129"
    holder.ok("pin", "change", "pin2")
    holder.secrets["pin2"] = "86129"
    ended = holder.type("present", server.ask(claims=claims, transaction=payment), stdin="yes\n")
    assert ended.exit_code == 0, ended.stderr
    for words in ("You confirm (payment)", "12.50", "Treasury"):
        assert words in ended.stderr
    verdict = server.asked["req1"].verdict
    assert verdict is not None and verdict.verdict == "valid"


def test_transactions_the_wallet_cannot_show_are_refused(holder: Driver, server: Simulator) -> None:
    unknown = {"type": "mystery", "credential_ids": ["q0"]}
    link = server.ask(claims={"signing": [["family_name"]]}, transaction=unknown)
    holder.fails("present", link, stdin="yes\n", code="malformed", exit_code=1)
    wrong_holder = {"type": "payment", "credential_ids": ["q0"], "amount": "1"}
    link = server.ask(claims=TOWN, transaction=wrong_holder)
    holder.fails("present", link, stdin="yes\n", code="transaction_mismatch", exit_code=1)
    assert server.asked["req1"].error == "access_denied"


def test_same_device_flow_names_where_to_go_on(holder: Driver, server: Simulator) -> None:
    link = server.ask(claims=TOWN, redirect_uri="https://library.example/back?response_code=abc")
    ended = holder.type("present", link, stdin="yes\n", as_json=False)
    assert "Go on in your browser: https://library.example/back?response_code=abc" in ended.stdout
    server.lies.add("bad_redirect")
    link = server.ask(claims=TOWN, redirect_uri="https://library.example/back")
    ended = holder.type("present", link, stdin="yes\n")
    assert ended.exit_code == 1 and "javascript" not in ended.stdout


def test_a_request_by_get_by_page_and_by_code(holder: Driver, server: Simulator) -> None:
    holder.ok("present", server.ask(claims=TOWN, method="get"), stdin="yes\n")
    server.request_of_page = server.ask(claims=TOWN)
    said = holder.ok("present", f"{BASE}/r/7QK4-M2XD", stdin="yes\n")
    assert said["request"] == "7QK4M2XD"
    server.request_of_page = server.ask(claims=TOWN)
    assert holder.ok("present", "7qk4-m2xd", stdin="yes\n")["request"] == "7QK4M2XD"


def test_the_verifier_refuses_and_the_wallet_says_why(holder: Driver, server: Simulator) -> None:
    for index in range(10, 200):
        server.statuses.set(index, 2)
    ended = holder.fails("present", server.ask(claims=TOWN), stdin="yes\n", code="credential_suspended", exit_code=5)
    assert "Not accepted:" in ended.stderr
    [row] = holder.ok("history", "--limit", "1")["events"]
    assert row["outcome"] == "not accepted"


def test_a_choice_when_several_fit(holder: Driver, server: Simulator) -> None:
    holder.ok("receive", server.offer("residency"), stdin="yes\n")
    ended = holder.type("present", server.ask(claims=TOWN), stdin="2\nyes\n")
    assert ended.exit_code == 0 and "Several fit." in ended.stderr
    assert [len(one.copies) for one in holder.look().credentials if one.type == "residency"] == [10, 9]


def test_optional_and_alternative_credentials(holder: Driver, server: Simulator) -> None:
    query = {
        "credentials": [
            {
                "id": "a",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [server.vct("pid")]},
                "claims": [{"path": ["x"]}],
            },
            {
                "id": "b",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [server.vct("residency")]},
                "claims": [{"path": ["municipality_code"]}],
            },
            {
                "id": "c",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": [server.vct("e-residency")]},
                "claims": [{"path": ["family_name"]}],
            },
        ],
        "credential_sets": [{"options": [["a"], ["b"]]}, {"options": [["c"]], "required": False}],
    }
    server.agencies = [
        type(server.agencies[0])(
            **{
                **{name: getattr(server.agencies[0], name) for name in server.agencies[0].__dataclass_fields__},
                "purposes": (
                    type(server.agencies[0].purposes[0])(id="all", labels={"en": "All"}, claims={}, everything=True),
                ),
            }
        )
    ]
    server.sequence += 1
    holder.ok("refresh", "--status")
    ended = holder.type("present", server.ask(query), stdin="2\nyes\n")
    assert ended.exit_code == 0, ended.stderr
    assert ended.json["disclosed"] == [["municipality_code"]]
    assert holder.ok("present", server.ask(query), stdin="1\nyes\n")["disclosed"] == [
        ["municipality_code"],
        ["family_name"],
    ]
    consent = {"verifier": LIBRARY, "purpose": "all", "claims": ["municipality_code", "family_name"]}
    said = holder.ok("present", server.ask(query), consent=consent, no_input=True)
    assert said["disclosed"] == [["municipality_code"], ["family_name"]]


def test_copies_that_ran_out_are_not_shown(holder: Driver, server: Simulator) -> None:
    holder.advance(days=20)
    ended = holder.fails("present", server.ask(claims=TOWN), stdin="yes\n", code="credential_expired", exit_code=5)
    assert "wallet refresh r1" in ended.stderr
    assert not answers(server)


def test_quiet_refill_when_copies_run_low(holder: Driver, server: Simulator) -> None:
    for _ in range(7):
        holder.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    assert len(holder.look().credentials[0].copies) == 10
    holder.advance(minutes=1)
    server.lies.add("stale_nonce")
    for _ in range(7):
        ended = holder.type("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
        assert ended.exit_code == 0, "a refill that fails concerns nobody"


def test_a_credential_that_nobody_refreshes_says_when_it_is_shown_again(wallet: Driver, server: Simulator) -> None:
    server.lies |= {"no_refresh", "fewer"}
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    for _ in range(3):
        wallet.ok("present", server.ask(claims=TOWN), consent=CONSENT, no_input=True)
    wallet.fails("present", server.ask(claims=TOWN), consent=CONSENT, code="access_denied", exit_code=3)
    ended = wallet.type("present", server.ask(claims=TOWN), consent={**CONSENT, "shown_before": True})
    assert ended.exit_code == 0 and "! This copy was shown before" in ended.stderr


def test_the_key_binding_names_this_verifier_and_nonce_and_nothing_else(holder: Driver, server: Simulator) -> None:
    from credentials.openid.response import check_response, parse_response

    holder.ok("present", server.ask(claims=TOWN), stdin="yes\n")
    asked = server.asked["req0"]
    answer = check_response(
        parse_response(answers(server)[0]), response_mode="direct_post.jwt", state=asked.state, keys={"req0": asked.key}
    )
    assert answer.vp_token is not None
    binding = parse_sd_jwt(str(answer.vp_token["q0"][0])).kb_jwt
    assert binding is not None
    claims = parse_jws(binding).unverified_claims()
    assert claims["nonce"] == asked.nonce and claims["aud"].startswith("x509_hash:")
    assert set(claims) == {"iat", "aud", "nonce", "sd_hash"}
    assert b"0784" not in answers(server)[0]


def test_T65_nothing_secret_is_in_an_address(holder: Driver, server: Simulator) -> None:
    holder.ok("present", server.ask(claims=TOWN), stdin="yes\n")
    for request in server.requests:
        assert not request.url.query
        assert set(request.headers) <= {
            "host",
            "user-agent",
            "accept",
            "accept-encoding",
            "content-type",
            "content-length",
            "dpop",
            "authorization",
        }


def test_history_tells_what_was_shown_but_no_value(holder: Driver, server: Simulator) -> None:
    holder.ok("present", server.ask(claims=TOWN), stdin="yes\n")
    [row] = holder.ok("history", "--limit", "1")["events"]
    assert row["verifier"] == LIBRARY and row["claims"] == [["municipality_code"]] and row["outcome"] == "granted"
    assert "0784" not in holder.type("history").stdout
    page = holder.ok("history", "--limit", "1")
    assert holder.ok("history", "--before", str(page["next"]))["events"][0]["kind"] == "received"


def test_the_wallet_follows_a_verifier_that_was_added_by_hand(wallet: Driver, server: Simulator) -> None:
    from credentials.x509 import to_pem

    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    server.lies |= {"stranger"}
    link = server.ask(claims=TOWN)
    wallet.fails("present", link, stdin="yes\n", code="verifier_untrusted", exit_code=1)
    pem = wallet.folder / "root.pem"
    pem.write_text(to_pem(server.root))
    wallet.ok("trust", "add", str(pem), "--name", "Shop X", stdin="yes\n")
    ended = wallet.type("present", link, stdin="yes\n")
    assert ended.exit_code == 1 and ended.code == "verifier_untrusted", "its answer address is not its own host"


def test_nothing_is_sent_when_the_pin_is_wrong(holder: Driver, server: Simulator) -> None:
    holder.secrets["pin1"] = "9999"
    holder.fails("present", server.ask(claims=TOWN), consent=CONSENT, code="pin_wrong", exit_code=7)
    assert not answers(server)
    assert all(copy.used_at is None for copy in holder.look().credentials[0].copies)


def test_claims_of_the_request_are_parsed_strictly(holder: Driver, server: Simulator) -> None:
    link = server.ask({"credentials": []})
    ended = holder.type("present", link, stdin="yes\n")
    assert ended.exit_code == 1 and not answers(server)
    assert json_object(ended.stdout)["error"]["code"] == "malformed"


def test_a_renewed_credential_takes_the_place_of_one_that_is_over(holder: Driver, server: Simulator) -> None:
    for index in range(10, 42):
        server.statuses.set(index, 1)
    holder.advance(minutes=11)
    server.next_index = 500
    holder.ok("receive", server.offer("residency"), stdin="yes\n")
    holder.ok("refresh", "--status")
    states = {one["id"]: one["state"] for one in holder.ok("list")["credentials"]}
    assert states["r1"] == "revoked" and states["r2"] == "valid"
    ended = holder.type("present", server.ask(claims=TOWN), stdin="yes\n")
    assert ended.exit_code == 0 and "Several fit" not in ended.stderr
    assert [len(one.copies) for one in holder.look().credentials if one.type == "residency"] == [10, 9]
