"""Receiving: what a good issuer gives is stored, every lie of a bad one is refused with the right code."""

import pytest

from credentials.openid.key_proof import parse_key_proof
from did.encoding import json_object
from tests.simulator import BASE, Simulator
from tests.unit.wallet_cli.driver import Driver

YES = "yes\n"


def test_an_offer_with_a_code_brings_copies_with_keys_of_their_own(wallet: Driver, server: Simulator) -> None:
    got = wallet.ok("receive", server.offer("e-residency", "signing", tx_code="123456"), stdin="123456\n")
    assert got == {"received": [{"type": "e-residency", "copies": 10}, {"type": "signing", "copies": 1}]}
    held = wallet.look()
    e_residency, signing = held.credentials
    assert len({copy.key for copy in e_residency.copies}) == 10
    assert {copy.identifier for copy in e_residency.copies} == {e_residency.copies[0].identifier}
    assert e_residency.copies[0].identifier.startswith("e-residency/")
    assert signing.role == "sign" and held.keys[signing.copies[0].key].role == "sign"
    assert not held.pending
    assert len(server.sent("/vci/notification")) == 2


def test_every_proof_is_for_this_issuer_and_the_keys_are_distinct(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    [request] = server.sent("/vci/credential")
    proofs = [parse_key_proof(one) for one in json_object(request.content)["proofs"]["jwt"]]
    assert len({proof.jwk.thumbprint() for proof in proofs if proof.jwk}) == 10
    assert {proof.audience for proof in proofs} == {BASE}
    assert {proof.issuer for proof in proofs} == {None}


def test_an_offer_by_value_and_one_behind_a_page(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency", by_value=True), stdin=YES)
    server.offer_of_page = server.offer("residency")
    wallet.ok("receive", f"{BASE}/offer/7QK4-M2XD", stdin=YES)
    server.offer_of_page = server.offer("residency")
    wallet.ok("receive", "7qk4m2xd", stdin=YES)
    assert [one.id for one in wallet.look().credentials] == ["r1", "r2", "r3"]


def test_T42_nothing_is_accepted_without_a_yes(wallet: Driver, server: Simulator) -> None:
    ended = wallet.fails("receive", server.offer("residency"), stdin="no\n", code="access_denied", exit_code=3)
    assert "Registrar of Example" in ended.stderr and "did:web:id.example" in ended.stderr
    assert "Home town code" in ended.stderr
    assert not server.sent("/vci/token")
    wallet.fails("receive", server.offer("residency"), stdin="y\nja\nok\n", code="access_denied", exit_code=3)
    ended = wallet.fails("receive", server.offer("residency"), no_input=True, code="malformed", exit_code=2)
    assert f"--from {BASE}" in ended.stderr
    assert not server.sent("/vci/token")


def test_a_script_names_the_issuer_it_accepts(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), "--from", BASE, no_input=True)
    wallet.ok("receive", server.offer("residency"), "--from", "did:web:id.example", no_input=True)
    wallet.fails(
        "receive", server.offer("residency"), "--from", "https://other.example", code="issuer_untrusted", exit_code=1
    )


def test_a_wrong_code_is_asked_again_at_a_terminal_and_ends_a_script(wallet: Driver, server: Simulator) -> None:
    offer = server.offer("residency", tx_code="123456")
    ended = wallet.type("receive", offer, stdin="000000\n123456\n")
    assert ended.exit_code == 0 and "tries left: 4" in ended.stderr
    offer = server.offer("residency", tx_code="123456")
    wallet.secrets["tx_code"] = "999999"
    wallet.fails("receive", offer, no_input=True, code="tx_code_wrong", exit_code=1)


def test_an_offer_used_before_is_refused(wallet: Driver, server: Simulator) -> None:
    offer = server.offer("residency", by_value=True)
    wallet.ok("receive", offer, stdin=YES)
    wallet.fails("receive", offer, stdin=YES, code="request_replayed", exit_code=1)


LIES = [
    ("issuer_unlisted", "issuer_untrusted", 1),
    ("metadata_other_issuer", "malformed", 1),
    ("server_other_issuer", "malformed", 1),
    ("metadata_unlisted_type", "issuer_untrusted", 1),
    ("offer_unknown_type", "malformed", 1),
    ("token_bearer", "malformed", 1),
    ("nonce_always_stale", "nonce_mismatch", 1),
    ("wrong_key", "holder_binding_invalid", 1),
    ("wrong_type", "type_unexpected", 1),
    ("wrong_iss", "issuer_untrusted", 1),
    ("other_signer", "issuer_untrusted", 1),
    ("bad_signature", "signature_invalid", 1),
    ("expired", "credential_expired", 5),
    ("not_yet", "credential_not_yet_valid", 5),
    ("shared_index", "malformed", 1),
    ("shared_salt", "disclosure_invalid", 1),
    ("different_facts", "malformed", 1),
    ("too_many", "malformed", 1),
    ("status_down", "status_unavailable", 6),
    ("status_stale", "status_unavailable", 6),
    ("status_other_list", "status_invalid", 1),
    ("status_other_key", "status_invalid", 1),
    ("deferred", "unavailable", 6),
    ("redirect", "malformed", 1),
    ("html", "malformed", 1),
    ("huge", "too_large", 1),
    ("compressed", "malformed", 1),
    ("down", "unavailable", 6),
    ("slow", "unavailable", 6),
]


@pytest.mark.parametrize(("lie", "code", "exit_code"), LIES, ids=[lie for lie, _, _ in LIES])
def test_T94_every_lie_of_an_issuer_is_refused(
    wallet: Driver, server: Simulator, lie: str, code: str, exit_code: int
) -> None:
    offer = server.offer("residency")
    server.lies.add(lie)
    if lie == "issuer_unlisted":
        wallet.advance(hours=25)  # so that the list has to be fetched anew
    wallet.fails("receive", offer, stdin=YES, code=code, exit_code=exit_code)
    assert not wallet.look().credentials


@pytest.mark.parametrize(("value", "code"), [(1, "credential_revoked"), (2, "credential_suspended")])
def test_T94_a_credential_that_is_not_in_force_is_not_stored(
    wallet: Driver, server: Simulator, value: int, code: str
) -> None:
    for index in range(10, 60):
        server.statuses.set(index, value)
    wallet.fails("receive", server.offer("residency"), stdin=YES, code=code, exit_code=5)
    assert not wallet.look().credentials


def test_T94_the_issuer_is_told_that_its_credential_failed(wallet: Driver, server: Simulator) -> None:
    server.lies.add("bad_signature")
    wallet.type("receive", server.offer("residency"), stdin=YES)
    [notice] = server.sent("/vci/notification")
    assert json_object(notice.content)["event"] == "credential_failure"


def test_T43_nothing_is_asked_of_an_issuer_that_nobody_vouches_for(wallet: Driver, server: Simulator) -> None:
    server.requests.clear()
    offer = '{"credential_issuer": "https://evil.example", "credential_configuration_ids": ["pid"]}'
    wallet.fails("receive", offer, stdin=YES, code="issuer_untrusted", exit_code=1)
    assert {request.url.host for request in server.requests} == {"id.example"}


@pytest.mark.parametrize(
    "offer",
    [
        "http://id.example/offer/7QK4M2XD",
        "openid-credential-offer://?credential_offer_uri=http%3A%2F%2Fid.example%2Foffer",
        "openid-credential-offer://?credential_offer_uri=file%3A%2F%2F%2Fetc%2Fpasswd",
        "javascript:alert(1)",
        "openid4vp://?client_id=x&request_uri=https%3A%2F%2Fid.example",
    ],
)
def test_T96_links_of_other_kinds_start_nothing(wallet: Driver, server: Simulator, offer: str) -> None:
    server.requests.clear()
    ended = wallet.type("receive", offer, stdin=YES)
    assert ended.exit_code in (1, 2, 4)
    assert not server.requests


def test_a_stale_nonce_is_fetched_anew_for_the_same_keys(wallet: Driver, server: Simulator) -> None:
    server.lies.add("stale_nonce")
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    first, second = (
        {parse_key_proof(one).jws.header["jwk"]["x"] for one in json_object(request.content)["proofs"]["jwt"]}
        for request in server.sent("/vci/credential")
    )
    assert first == second


def test_a_server_that_wants_its_own_nonce_in_the_dpop_proof_gets_it(wallet: Driver, server: Simulator) -> None:
    server.lies.add("dpop_nonce")
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    assert len(server.sent("/vci/token")) == 2


def test_fewer_copies_than_keys_are_welcome_and_the_rest_of_the_keys_go(wallet: Driver, server: Simulator) -> None:
    server.lies.add("fewer")
    assert wallet.ok("receive", server.offer("residency"), stdin=YES)["received"] == [
        {"type": "residency", "copies": 3}
    ]
    held = wallet.look()
    assert sorted(key.id for key in held.keys.values() if key.use == "copy") == sorted(
        copy.key for copy in held.credentials[0].copies
    )


def test_a_credential_without_status_is_taken(wallet: Driver, server: Simulator) -> None:
    server.lies.add("no_status")
    wallet.ok("receive", server.offer("residency"), stdin=YES)


def test_T95_what_an_issuer_writes_cannot_move_the_cursor(wallet: Driver, server: Simulator) -> None:
    server.lies.add("control_chars")
    wallet.ok("receive", server.offer("e-residency"), stdin=YES)
    shown = wallet.type("show", "e1", as_json=False)
    assert "\x1b" not in shown.stdout and "\u202e" not in shown.stdout
    assert "<U+001B>" in shown.stdout and "<U+202E>" in shown.stdout
    raw = wallet.type("show", "e1")
    assert raw.stdout.isascii() and "\x1b" not in raw.stdout


def test_refresh_replaces_unused_copies_under_the_refresh_token(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    before = {copy.key for copy in wallet.look().credentials[0].copies}
    assert wallet.ok("refresh", "r1")["received"] == [{"type": "residency", "copies": 10}]
    held = wallet.look()
    after = {copy.key for copy in held.credentials[0].copies}
    assert not before & after and not before & held.keys.keys()


def test_what_came_without_a_refresh_token_cannot_be_refreshed(wallet: Driver, server: Simulator) -> None:
    server.lies.add("no_refresh")
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    wallet.fails("refresh", "r1", code="not_found", exit_code=4)


def test_refresh_of_the_lists_only(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("residency"), stdin=YES)
    assert wallet.ok("refresh", "--status") == {"status_lists": 1, "signed_lists": 1}
    server.lies.add("status_down")
    wallet.fails("refresh", "--status", code="unavailable", exit_code=6)


def test_a_slot_is_drawn_at_random_and_never_twice(wallet: Driver, server: Simulator) -> None:
    wallet.ok("receive", server.offer("e-residency"), stdin=YES)
    slots = {copy.identifier for copy in wallet.look().credentials[0].copies}
    assert len(slots) == 1
    for _ in range(3):
        link = server.ask(claims={"e-residency": [["pairwise_sub"]]})
        wallet.ok("present", link, stdin=YES)
    held = wallet.look()
    assert list(held.slots[BASE].values()) == ["did:web:library.example"]
    assert len({copy.identifier for copy in held.credentials[0].copies}) == 2, "one tied, one kept ahead"


def test_an_offer_of_an_earlier_application_finds_its_key(wallet: Driver, server: Simulator) -> None:
    from credentials.errors import ProtocolError
    from tests.unit.wallet_cli.test_gates import FORM

    for purpose in ("First.", "Second."):
        form = wallet._file("form", {**FORM, "purpose": purpose})
        wallet.ok("apply", "e-residency", "--form", str(form))
    first = wallet.look().applications[0]
    answer = server._token

    def only_the_first(request: object, rest: str) -> object:
        if server._jkt(request) != first.auth_key:  # type: ignore[arg-type]
            raise ProtocolError("invalid_grant", "another key", code="holder_binding_invalid")
        return answer(request, rest)  # type: ignore[arg-type]

    server._token = only_the_first  # type: ignore[method-assign,assignment]
    wallet.ok("receive", server.offer("e-residency", "signing"), stdin="yes\n")
    held = wallet.look()
    assert held.grants[0].key == first.auth_key
    assert held.credentials[1].copies[0].key in {one.sign_key for one in held.applications}


def test_nothing_is_kept_that_nothing_needs(wallet: Driver, server: Simulator) -> None:
    server.lies.add("no_refresh")
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    held = wallet.look()
    assert {key.use for key in held.keys.values()} == {"copy"}, "the key that redeemed has served"
    server.lies.clear()
    wallet.ok("receive", server.offer("residency"), stdin="yes\n")
    wallet.ok("delete", "r2", "--confirm", "r2")
    held = wallet.look()
    assert not held.grants and len(held.keys) == 10


def test_a_language_nobody_knows(lone: Driver) -> None:
    lone.fails("init", "--language", "xx-nothing", code="malformed", exit_code=2)
