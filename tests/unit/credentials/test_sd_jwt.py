"""SD-JWT: issuing, presenting, key binding, and hostile disclosures (T11-T19)."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials import sd_jwt
from credentials.claims import ClaimPath, resolve
from credentials.errors import (
    AlgorithmNotAllowed,
    AudienceMismatch,
    ClaimMissing,
    CredentialExpired,
    DisclosureInvalid,
    HolderBindingInvalid,
    IdError,
    MalformedCredential,
    NonceMismatch,
    SignatureInvalid,
    TooLarge,
    TypeUnexpected,
)
from did.encoding import b64url_decode, b64url_encode
from tests.unit.credentials.world import AUDIENCE, HOLDER, ISSUER, NONCE, NOW, OTHER, bound, raw_jws

TYP = "example+sd-jwt"
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example",
    "name": "Ada",
    "address": {"city": "Narva", "lines": ["a", "b"]},
    "roles": ["x", {"title": "y", "level": 3}, ["deep"]],
    "open": {"kept": True},
}
PATHS: tuple[ClaimPath, ...] = (
    ("name",),
    ("address",),
    ("address", "city"),
    ("address", "lines", None),
    ("roles", None),
    ("roles", 1, "title"),
)


def make(claims: dict[str, Any] | None = None, **changes: Any) -> str:
    arguments: dict[str, Any] = {"disclosable": PATHS, "signer": ISSUER, "typ": TYP}
    return sd_jwt.issue(CLAIMS if claims is None else claims, **(arguments | changes))


def read(text: str, **changes: Any) -> sd_jwt.ProcessedSdJwt:
    arguments: dict[str, Any] = {"key": ISSUER.public_key, "typ": TYP, "now": NOW}
    return sd_jwt.verify_sd_jwt(text, **(arguments | changes))


def disclosure(*parts: Any) -> str:
    """Return a disclosure of exactly these parts."""
    return b64url_encode(json.dumps(list(parts)).encode())


def digest(text: str) -> str:
    return b64url_encode(hashlib.sha256(text.encode()).digest())


def signed(payload: dict[str, Any], *disclosures: str) -> str:
    """Return an SD-JWT with exactly this payload and these disclosures."""
    return "~".join([raw_jws({"alg": "ES256", "typ": TYP}, payload), *disclosures, ""])


# --- issuing and presenting ----------------------------------------------------------------------


def test_everything_comes_back_with_all_disclosures() -> None:
    text = make()
    assert text.endswith("~")
    processed = read(text)
    assert processed.claims == CLAIMS and processed.hidden == 0 and processed.positions == {}
    assert set(processed.disclosed) == {
        ("name",),
        ("address",),
        ("address", "city"),
        ("address", "lines", 0),
        ("address", "lines", 1),
        ("roles", 0),
        ("roles", 1),
        ("roles", 1, "title"),
        ("roles", 2),
    }
    assert processed.disclosed.index(("address",)) < processed.disclosed.index(("address", "city"))
    assert processed.roots == {"name", "address", "roles"}


def test_nothing_disclosed_shows_nothing_but_what_is_in_clear() -> None:
    text = make().partition("~")[0] + "~"
    processed = read(text)
    assert processed.claims == {"iss": CLAIMS["iss"], "roles": [], "open": {"kept": True}}
    assert processed.hidden == 5 and processed.positions == {("roles",): ()}
    payload = sd_jwt.parse_sd_jwt(text).jws.unverified_claims()
    assert "Ada" not in json.dumps(payload) and len(payload["roles"]) == 3


def test_without_anything_disclosable_there_are_no_traces() -> None:
    text = make(disclosable=())
    assert text.count("~") == 1
    assert sd_jwt.parse_sd_jwt(text).jws.unverified_claims() == CLAIMS


@pytest.mark.parametrize(
    ("disclose", "claims"),
    [
        ([("address", "city")], {"address": {"city": "Narva", "lines": []}, "roles": []}),
        ([("address",)], {"address": {"city": "Narva", "lines": ["a", "b"]}, "roles": []}),
        ([("address", "lines", 1)], {"address": {"lines": ["b"]}, "roles": []}),
        ([("roles", 1, "level")], {"roles": [{"level": 3}]}),
        ([("roles", None, "title")], {"roles": [{"title": "y", "level": 3}]}),
        ([("roles", 2), ("name",)], {"roles": [["deep"]], "name": "Ada"}),
        ([("open", "kept")], {"roles": []}),
        ([], {"roles": []}),
    ],
)
def test_presenting_releases_parents_and_what_lies_inside_and_no_more(
    disclose: list[ClaimPath], claims: dict[str, Any]
) -> None:
    processed = read(sd_jwt.present(make(), disclose=disclose))
    assert processed.claims == {"iss": CLAIMS["iss"], "open": {"kept": True}, **claims}


def test_positions_stay_those_of_issuing() -> None:
    shown = sd_jwt.present(make(), disclose=[("roles", 2), ("address", "lines", 1)])
    processed = read(shown)
    assert processed.positions == {("roles",): (2,), ("address", "lines"): (1,)}
    assert ("roles", 2) in processed.disclosed
    # presenting again from what was presented still counts as issued
    assert read(sd_jwt.present(shown, disclose=[("roles", 2)])).claims["roles"] == [["deep"]]
    with pytest.raises(ClaimMissing):
        sd_jwt.present(shown, disclose=[("roles", 0)])


def test_presenting_what_is_not_there() -> None:
    for path in ((("x",)), ("address", "zip"), ("roles", 9), ("name", "first")):
        with pytest.raises(ClaimMissing):
            sd_jwt.present(make(), disclose=[path])


def test_presenting_leaves_out_an_old_binding() -> None:
    shown = sd_jwt.present(bound(make()), disclose=[("name",)])
    assert shown.endswith("~") and sd_jwt.parse_sd_jwt(shown).kb_jwt is None


def test_decoys_change_nothing_but_the_count_of_digests() -> None:
    text = make(decoys=3, array_decoys=2)
    processed = read(text)
    assert processed.claims == CLAIMS
    assert processed.hidden == 3 * 3 + 2 * 2  # three objects with hidden members, two arrays with hidden items
    payload = sd_jwt.parse_sd_jwt(text).jws.unverified_claims()
    assert len(payload["_sd"]) == 5 and len(payload["roles"]) == 5
    assert read(sd_jwt.present(text, disclose=[("roles", 1)])).positions[("roles",)] == (1,)


def test_order_of_digests_says_nothing_about_order_of_claims() -> None:
    names = [f"claim{at}" for at in range(8)]
    orders = set()
    for _ in range(6):
        text = make({name: name for name in names}, disclosable=[(name,) for name in names])
        parsed = sd_jwt.parse_sd_jwt(text)
        payload = parsed.jws.unverified_claims()
        assert payload["_sd"] == sorted(payload["_sd"])
        orders.add(tuple(payload["_sd"].index(digest(text)) for text in parsed.disclosures))
    assert len(orders) > 1


def test_T63_salts_are_fresh_and_long() -> None:
    seen: set[str] = set()
    for _ in range(20):
        for text in sd_jwt.parse_sd_jwt(make()).disclosures:
            salt = json.loads(b64url_decode(text))[0]
            assert len(b64url_decode(salt)) >= 16 and salt not in seen
            seen.add(salt)


def test_randomness_is_an_argument() -> None:
    calls: list[int] = []

    def random_bytes(count: int) -> bytes:
        calls.append(count)
        return bytes(len(calls) + at % 251 for at in range(count))

    first = make(random_bytes=random_bytes)
    calls.clear()
    assert make(random_bytes=random_bytes).partition("~")[2] == first.partition("~")[2]


@pytest.mark.parametrize("hash_alg", ["sha-256", "sha-384", "sha-512"])
def test_every_accepted_hash(hash_alg: str) -> None:
    text = make(hash_alg=hash_alg)
    shown = sd_jwt.bind(text, signer=HOLDER, audience=AUDIENCE, nonce=NONCE, iat=NOW)
    parsed = sd_jwt.parse_sd_jwt(shown)
    assert read(shown).claims == CLAIMS
    arguments: dict[str, Any] = {"holder_key": HOLDER.public_key, "audience": AUDIENCE, "nonce": NONCE, "now": NOW}
    sd_jwt.verify_key_binding(parsed, hash_alg=hash_alg, **arguments)


@pytest.mark.parametrize(
    "claims",
    [
        {"_sd": []},
        {"a": {"...": 1}},
        {"a": [{"_sd_alg": "x"}]},
        {"a": object()},
        {"name": object()},
        {1: 2},
        {"a": "\0"},
    ],
)
def test_claims_that_cannot_be_issued(claims: dict[str, Any]) -> None:
    with pytest.raises(MalformedCredential):
        make(claims)


def test_arguments_that_cannot_be_issued() -> None:
    for changes in ({"hash_alg": "md5"}, {"disclosable": [()]}):
        with pytest.raises(MalformedCredential):
            make(**changes)
    with pytest.raises(MalformedCredential):
        make({"a": {13: 1}}, disclosable=[("a", 13)])


# --- hostile disclosures -------------------------------------------------------------------------


def test_T15_altered_or_reencoded() -> None:
    first, *disclosures, _ = make().split("~")
    salt, name, value = json.loads(b64url_decode(disclosures[0]))
    for changed in (
        disclosure(salt, name, "Eve"),
        disclosure(salt + "x", name, value),
        b64url_encode(json.dumps([salt, name, value], indent=1).encode()),
        disclosures[0] + "=",
        disclosures[0][:-1],
        "%%%",
    ):
        with pytest.raises(DisclosureInvalid):
            read("~".join([first, changed, *disclosures[1:], ""]))


@pytest.mark.parametrize(
    "parts",
    [(), ("salt",), ("salt", "a", 1, 2), (1, "a", 1), (None, 1), ("salt", 5, 1), ("salt", None, 1), ("salt", ["a"], 1)],
)
def test_T15_wrong_length_or_types(parts: tuple[Any, ...]) -> None:
    text = disclosure(*parts)
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": [digest(text)]}, text))


@pytest.mark.parametrize("raw", [b"{}", b"null", b"1", b"[", b"", b'["a","b",1]x', b'["a","b",NaN]', b"\xff"])
def test_T15_disclosures_that_are_no_array(raw: bytes) -> None:
    text = b64url_encode(raw) or "AA"
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": [digest(text)]}, text))


def test_T15_unreferenced() -> None:
    with pytest.raises(DisclosureInvalid, match="no digest"):
        read(make() + disclosure("s", "x", 1) + "~")
    # the digest stands in an undisclosed parent: the child alone refers to nothing
    shown = sd_jwt.present(make(), disclose=[("address", "city")])
    parent = next(text for text in shown.split("~")[1:-1] if json.loads(b64url_decode(text))[1] == "address")
    with pytest.raises(DisclosureInvalid):
        read(shown.replace(parent + "~", ""))


def test_T15_thousands_and_huge_and_deep() -> None:
    many = [disclosure("s", f"n{at}", at) for at in range(201)]
    with pytest.raises(TooLarge):
        read(signed({"_sd": [digest(text) for text in many]}, *many))
    assert len(read(signed({"_sd": [digest(text) for text in many[:200]]}, *many[:200])).disclosed) == 200
    big = disclosure("s", "n", "x" * 50_000)
    with pytest.raises(TooLarge):
        read(signed({"_sd": [digest(big)]}, big))
    with pytest.raises(TooLarge):
        sd_jwt.parse_sd_jwt("a" * (sd_jwt.MAX_SD_JWT_BYTES + 1))
    inner: list[str] = [disclosure("s", "n0", 1)]
    for at in range(1, 18):
        inner.append(disclosure("s", f"n{at}", {"_sd": [digest(inner[-1])]}))
    with pytest.raises(TooLarge):
        read(signed({"_sd": [digest(inner[-1])]}, *inner))
    ok = inner[:16]
    assert read(signed({"_sd": [digest(ok[-1])]}, *ok)).hidden == 0
    deep: Any = 1
    for _ in range(20):
        deep = [deep]
    text = disclosure("s", "n", deep)
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": [digest(text)]}, text))


def test_T15_nesting_of_what_no_parser_bounded() -> None:
    deep: Any = {"_sd": []}
    for _ in range(40):
        deep = {"a": deep}
    with pytest.raises(TooLarge):
        sd_jwt.process(deep, ())
    items: Any = [{"...": "x"}]
    for _ in range(40):
        items = [items]
    with pytest.raises(TooLarge):
        sd_jwt.process({"a": items}, ())


def test_T16_digest_twice() -> None:
    text = disclosure("s", "a", 1)
    item = disclosure("s", 1)
    for payload in (
        {"_sd": [digest(text), digest(text)]},
        {"_sd": [digest(text)], "x": {"_sd": [digest(text)]}},
        {"l": [{"...": digest(item)}, {"...": digest(item)}]},
        {"_sd": ["A" * 43, "A" * 43]},
    ):
        for disclosures in ((), (text,), (item,)):
            with pytest.raises(DisclosureInvalid):
                read(signed(payload, *disclosures))


def test_T16_disclosure_twice_or_two_for_one_name() -> None:
    one, two = disclosure("s", "a", 1), disclosure("t", "a", 2)
    with pytest.raises(DisclosureInvalid, match="twice"):
        read(signed({"_sd": [digest(one)]}, one, one))
    with pytest.raises(DisclosureInvalid, match="already"):
        read(signed({"_sd": [digest(one), digest(two)]}, one, two))


@pytest.mark.parametrize("name", ["_sd", "...", "_sd_alg"])
def test_T17_reserved_names(name: str) -> None:
    text = disclosure("s", name, "sha-256")
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": [digest(text)]}, text))


@pytest.mark.parametrize(
    "payload", [{"...": 1}, {"a": {"...": "x", "b": 1}}, {"a": {"_sd_alg": "sha-256"}}, {"a": [{"b": {"...": []}}]}]
)
def test_T17_reserved_names_in_the_payload(payload: dict[str, Any]) -> None:
    with pytest.raises(DisclosureInvalid):
        read(signed(payload))


def test_T17_over_an_existing_name() -> None:
    text = disclosure("s", "iss", "https://evil.example")
    with pytest.raises(DisclosureInvalid, match="already"):
        read(signed({"iss": "https://issuer.example", "_sd": [digest(text)]}, text))


@pytest.mark.parametrize("digests", [None, "x", {}, [1], [None], [["a"]], [{}]])
def test_digest_lists_that_are_none(digests: Any) -> None:
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": digests}))


@pytest.mark.parametrize("item", [{"...": 1}, {"...": None}, {"...": ["x"]}, {"...": "x", "y": 1}])
def test_array_digests_that_are_none(item: Any) -> None:
    with pytest.raises(DisclosureInvalid):
        read(signed({"a": [item]}))


def test_member_and_item_disclosures_do_not_mix() -> None:
    member, item = disclosure("s", "a", 1), disclosure("s", 1)
    with pytest.raises(DisclosureInvalid):
        read(signed({"_sd": [digest(item)]}, item))
    with pytest.raises(DisclosureInvalid):
        read(signed({"l": [{"...": digest(member)}]}, member))


@pytest.mark.parametrize(
    "name", ["sha-1", "md5", "SHA-256", "sha256", "sha-256 ", "", None, 256, ["sha-256"], "sha3-256"]
)
def test_T19_hash_names(name: Any) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        read(signed({"_sd_alg": name}))
    with pytest.raises(DisclosureInvalid):
        read(signed({"a": {"_sd_alg": name}}))


def test_expiry_in_a_disclosure_counts() -> None:
    text = disclosure("s", "exp", int(NOW.timestamp()) - 100)
    with pytest.raises(CredentialExpired):
        read(signed({"_sd": [digest(text)]}, text))


def test_processing_leaves_its_input_alone() -> None:
    parsed = sd_jwt.parse_sd_jwt(make())
    payload = parsed.jws.unverified_claims()
    before = json.dumps(payload)
    sd_jwt.process(payload, parsed.disclosures)
    assert json.dumps(payload) == before


# --- form ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "~", "~~", "a.b.c", "a.b.c~~", "é~", "a.b~", "a~b.c.d", "..~", "a.b.c~x"])
def test_forms_that_are_none(text: str) -> None:
    with pytest.raises(MalformedCredential):
        sd_jwt.parse_sd_jwt(text)
    with pytest.raises(MalformedCredential):
        sd_jwt.parse_sd_jwt(text.encode())


def test_type_and_signature_are_checked() -> None:
    with pytest.raises(TypeUnexpected):
        read(make(), typ="other")
    with pytest.raises(SignatureInvalid):
        read(make(signer=OTHER))


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"payload": "a"},
        {"payload": "a", "signatures": []},
        {"payload": "a", "signatures": [1]},
        {"payload": "a", "protected": "b", "signature": "c", "signatures": [{"protected": "b", "signature": "c"}]},
        {"payload": "a", "protected": "b", "signature": "c", "header": []},
        {"payload": "a", "protected": "b", "signature": "c", "header": {"disclosures": "d"}},
        {"payload": "a", "protected": "b", "signature": "c", "header": {"disclosures": ["d~e"]}},
        {"payload": "a", "protected": "b", "signature": "c", "header": {"kb_jwt": 1}},
        {
            "payload": "a",
            "signatures": [
                {"protected": "b", "signature": "c"},
                {"protected": "b", "signature": "c", "header": {"disclosures": []}},
            ],
        },
    ],
)
def test_json_forms_that_are_none(value: Any) -> None:
    with pytest.raises(MalformedCredential):
        sd_jwt.from_json(value)


def test_json_form_back_to_compact() -> None:
    text = bound(make())
    first, *disclosures, kb = text.split("~")
    protected, payload, signature = first.split(".")
    header = {"disclosures": disclosures, "kb_jwt": kb}
    flat = {"payload": payload, "protected": protected, "signature": signature, "header": header}
    assert sd_jwt.from_json(flat) == text
    entry = {"protected": protected, "signature": signature, "header": header}
    assert sd_jwt.from_json({"payload": payload, "signatures": [entry, {"protected": "a", "signature": "b"}]}) == text


# --- key binding ---------------------------------------------------------------------------------


def check(text: str, **changes: Any) -> Any:
    arguments: dict[str, Any] = {"holder_key": HOLDER.public_key, "audience": AUDIENCE, "nonce": NONCE, "now": NOW}
    return sd_jwt.verify_key_binding(sd_jwt.parse_sd_jwt(text), **(arguments | changes))


def test_binding_holds_and_carries_more_claims() -> None:
    shown = sd_jwt.present(make(), disclose=[("name",)])
    text = sd_jwt.bind(
        shown, signer=HOLDER, audience=AUDIENCE, nonce=NONCE, iat=NOW, extra={"transaction_data_hashes": ["x"]}
    )
    assert check(text).claims == {
        "transaction_data_hashes": ["x"],
        "iat": int(NOW.timestamp()),
        "aud": AUDIENCE,
        "nonce": NONCE,
        "sd_hash": digest(shown),
    }
    # what the caller adds never replaces what binds
    sneaky = sd_jwt.bind(shown, signer=HOLDER, audience=AUDIENCE, nonce=NONCE, iat=NOW, extra={"nonce": "x"})
    assert check(sneaky).claims["nonce"] == NONCE


def test_T11_missing() -> None:
    with pytest.raises(HolderBindingInvalid):
        check(make())


def test_T12_another_key_or_its_own_header() -> None:
    with pytest.raises(HolderBindingInvalid):
        check(bound(make(), by=OTHER))
    shown = make()
    claims = {"iat": int(NOW.timestamp()), "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest(shown)}
    header = {"alg": "ES256", "typ": "kb+jwt", "jwk": OTHER.public_key.to_jwk()}
    with pytest.raises(HolderBindingInvalid):
        check(shown + raw_jws(header, claims, OTHER))


@pytest.mark.parametrize("typ", [None, "jwt", "KB+JWT", "dpop+jwt", "openid4vci-proof+jwt"])
def test_T04_proof_of_another_type(typ: Any) -> None:
    shown = make()
    claims = {"iat": int(NOW.timestamp()), "aud": AUDIENCE, "nonce": NONCE, "sd_hash": digest(shown)}
    with pytest.raises(HolderBindingInvalid):
        check(shown + raw_jws({"alg": "ES256", "typ": typ}, claims, HOLDER))
    with pytest.raises(HolderBindingInvalid):
        check(shown + raw_jws({"alg": "none", "typ": "kb+jwt"}, claims, HOLDER))


@pytest.mark.parametrize("audience", [None, [AUDIENCE], AUDIENCE + "/", AUDIENCE[:-1], AUDIENCE.upper(), "", 1])
def test_T13_audience(audience: Any) -> None:
    with pytest.raises(AudienceMismatch):
        check(bound(make(), aud=audience))


@pytest.mark.parametrize("nonce", [None, [NONCE], NONCE + "x", NONCE[:-1], NONCE.upper(), "", 1])
def test_T13_nonce(nonce: Any) -> None:
    with pytest.raises(NonceMismatch):
        check(bound(make(), nonce=nonce))


@pytest.mark.parametrize("iat", [None, "now", True, -301, 61, 1e300, float("-9e9")])
def test_T13_time(iat: Any) -> None:
    value = int(NOW.timestamp()) + iat if isinstance(iat, int) and not isinstance(iat, bool) else iat
    with pytest.raises(HolderBindingInvalid):
        check(bound(make(), iat=value))


def test_T13_window_and_own_times() -> None:
    at = int(NOW.timestamp())
    assert check(bound(make(), iat=at - 300)) and check(bound(make(), iat=at + 60))
    assert check(bound(make(), iat=at - 9)), "young"
    with pytest.raises(HolderBindingInvalid):
        check(bound(make(), iat=at - 10), window=timedelta(seconds=9))
    for times in ({"exp": at - 61}, {"nbf": at + 61}, {"exp": "x"}):
        with pytest.raises(HolderBindingInvalid):
            check(bound(make(), **times))


def test_T14_sd_hash_missing_stale_or_over_another_string() -> None:
    text = make()
    for other in (None, "", digest(text[:-1]), digest(make()), digest(text.partition("~")[0]), [digest(text)], 1):
        with pytest.raises(HolderBindingInvalid):
            check(bound(text, sd_hash=other))
    fewer = sd_jwt.present(text, disclose=[("name",)])
    kb = bound(text).rpartition("~")[2]
    with pytest.raises(HolderBindingInvalid):
        check(fewer + kb)


def test_binding_that_is_no_token() -> None:
    for kb in ("x", "a.b.c", "...", "é"):
        with pytest.raises((HolderBindingInvalid, MalformedCredential)):
            check(make() + kb)


# --- any input -----------------------------------------------------------------------------------

GOOD = bound(make())


@given(st.text() | st.binary())
def test_nothing_but_our_own_errors_for_any_text(text: str | bytes) -> None:
    try:
        parsed = sd_jwt.parse_sd_jwt(text)
    except IdError:
        return
    with pytest.raises(IdError):
        sd_jwt.verify_sd_jwt(parsed, key=ISSUER.public_key, typ=TYP, now=NOW)


@settings(max_examples=400)
@given(st.integers(0, len(GOOD) - 1), st.text(alphabet="AZaz09-_~.=é\n", max_size=3), st.integers(0, 3))
def test_mutations_of_a_good_presentation(at: int, put: str, cut: int) -> None:
    text = GOOD[:at] + put + GOOD[at + cut :]
    try:
        parsed = sd_jwt.parse_sd_jwt(text)
        processed = sd_jwt.verify_sd_jwt(parsed, key=ISSUER.public_key, typ=TYP, now=NOW)
        check(text)
    except IdError:
        return
    assert text == GOOD and processed.claims == CLAIMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=150)
@given(st.dictionaries(st.text(max_size=4), JSON, max_size=5), st.data())
def test_any_claims_and_any_paths_come_back_whole(claims: dict[str, Any], data: st.DataObject) -> None:
    every = [at for at in _places(claims) if len(at) <= 4]
    paths = data.draw(st.lists(st.sampled_from(every), max_size=6) if every else st.just([]))
    try:
        text = sd_jwt.issue(claims, disclosable=paths, signer=ISSUER, typ=TYP, decoys=1)
    except MalformedCredential:
        assert any(mark in repr(claims) for mark in ("_sd", "...", "\\x00"))
        return
    processed = sd_jwt.process(*_parts(text))
    assert processed.claims == claims
    assert set(processed.disclosed) == set(paths)
    wanted = data.draw(st.lists(st.sampled_from(every), max_size=3) if every else st.just([]))
    shown = sd_jwt.process(*_parts(sd_jwt.present(text, disclose=wanted)))
    chosen = set(shown.disclosed)
    for path in wanted:
        assert {one for one in paths if one == path[: len(one)] or one[: len(path)] == path} <= chosen
    for one in chosen:
        assert any(one == path[: len(one)] or one[: len(path)] == path for path in wanted)


def _parts(text: str) -> tuple[dict[str, Any], tuple[str, ...]]:
    parsed = sd_jwt.parse_sd_jwt(text)
    return parsed.jws.unverified_claims(), parsed.disclosures


def _places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [at] if at else []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        found += _places(member, (*at, name))
    return found


def test_resolve_agrees_with_places() -> None:
    for at in _places(CLAIMS):
        assert len(list(resolve(at, CLAIMS))) == 1
