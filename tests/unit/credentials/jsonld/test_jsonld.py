"""JSON-LD to RDF: safe mode, allowed contexts, and PyLD as the judge of generated documents."""

import json
import string
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credentials.jsonld import (
    CREDENTIALS_V2,
    ContextRefused,
    Contexts,
    DataLoss,
    JsonLdError,
    bundled,
    canonical,
    standard,
    to_quads,
)
from did.errors import IdError
from tests.unit.credentials.jsonld.oracle import pyld_canonical

ANY = Contexts(allow=bundled(), inline=True)
EX = "https://ns.example/t#"


def credential(**members: Any) -> dict[str, Any]:
    return {
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiableCredential"],
        "issuer": "did:example:i",
        "credentialSubject": {"id": "did:example:s", "name": "A"},
        **members,
    }


def with_terms(terms: dict[str, Any], **subject: Any) -> dict[str, Any]:
    return credential(**{"@context": [CREDENTIALS_V2, terms], "credentialSubject": {"id": "did:example:s", **subject}})


def test_a_plain_credential() -> None:
    assert len(to_quads(credential())) == 4


@pytest.mark.parametrize(
    "members",
    [
        {"undefined": "x"},
        {"name": None},
        {"name": []},
        {"name": [["a"], "b"]},
        {"name": {"@value": None}},
        {"issuer": "issuer-7"},
        {"issuer": {"id": "issuer-7"}},
        {"id": "/credentials/7"},
        {"type": ["VerifiableCredential", "Undefined"]},
        {"credentialSubject": {"@graph": [{"id": "did:example:s"}]}},
        {"credentialSubject": {"@reverse": {"name": "x"}}},
        {"credentialSubject": {"@included": [{"id": "did:example:s"}]}},
        {"credentialSubject": {"@index": "x", "name": "A"}},
        {"credentialSubject": {"@nest": {"name": "A"}}},
        {"credentialSubject": {"id": "did:example:s", "@id": "did:example:t", "name": "A"}},
        {"name": {"@value": "A", "@language": "not a tag"}},
        {"name": {"@value": "A", "@direction": "up"}},
        {"name": {"@value": "A", "extra": 1}},
        {"name": float("nan")},
        {"name": "\ud800"},
        {"id": "did:example:\ud800"},
    ],
)
def test_T30_what_would_be_lost_or_doubtful_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(JsonLdError):
        to_quads(credential(**members))


@pytest.mark.parametrize(
    "context",
    [
        [CREDENTIALS_V2, "https://evil.example/context"],
        [CREDENTIALS_V2, {"evil": EX + "evil"}],
        [CREDENTIALS_V2, None],
        [CREDENTIALS_V2, {"@import": CREDENTIALS_V2}],
        [CREDENTIALS_V2, {"name": EX + "name"}],
        [CREDENTIALS_V2] * 17,
        [CREDENTIALS_V2, "https://www.w3.org/ns/credentials/undefined-terms/v2"],
        7,
    ],
)
def test_T29_only_allowed_contexts(context: Any) -> None:
    with pytest.raises(ContextRefused):
        to_quads(credential(**{"@context": context}))


@pytest.mark.parametrize(
    "terms",
    [
        {"name": EX + "name"},
        {"@import": CREDENTIALS_V2},
        {"@propagate": False},
        {"@base": "https://evil.example/"},
        {"@version": 1.0},
        {"@protected": 1},
        {"a": "b:c", "b": "a:d"},
        {"a": {"@reverse": EX + "a"}},
        {"a": {"@id": EX + "a", "@nest": "@nest"}},
        {"a": {"@id": EX + "a", "@container": "@index"}},
        {"a": {"@id": EX + "a", "@container": ["@set", "@list"]}},
        {"a": {"@id": EX + "a", "@type": "nothing"}},
        {"a": {"@id": EX + "a", "@language": "no language"}},
        {"a": {"@id": EX + "a", "@direction": "up"}},
        {"a": {"@id": EX + "a", "@prefix": 1}},
        {"@type": EX + "type"},
        {"": EX + "empty"},
        {"a": "@context"},
        {"a": 7},
        {"@vocab": "relative"},
        {"a": "_:blank"},
        {"a": {"@id": EX + "a", "@context": {"b": "_:blank"}}},
        {f"t{number}": EX + "t" for number in range(1001)},
        {"https://ns.example/x": "https://ns.example/y"},
    ],
)
def test_T29_bad_inline_contexts_are_refused_even_where_inline_is_allowed(terms: dict[str, Any]) -> None:
    with pytest.raises(ContextRefused):
        to_quads(with_terms(terms, name="A"), contexts=ANY)


def test_T29_a_term_mapped_to_nothing_is_not_a_way_to_hide() -> None:
    with pytest.raises(DataLoss):
        to_quads(with_terms({"hidden": None}, hidden="x"), contexts=ANY)


def test_an_allow_list_names_only_what_we_hold() -> None:
    with pytest.raises(ContextRefused):
        Contexts(allow=["https://evil.example/context"])
    assert standard() < bundled()


def test_inline_contexts_leave_nothing_behind() -> None:
    contexts = Contexts(inline=True)
    to_quads(with_terms({"a": {"@id": EX + "a", "@context": {"b": EX + "b"}}}, a={"b": "x"}), contexts=contexts)
    base = contexts.root.by_url(CREDENTIALS_V2, contexts, False)
    before = len(base._followers)
    for number in range(20):
        to_quads(with_terms({f"t{number}": EX + "t"}, **{f"t{number}": "x"}), contexts=contexts)
    assert len(base._followers) == before


def test_deep_documents_are_refused_without_a_crash() -> None:
    subject: dict[str, Any] = {"name": "x"}
    for _ in range(500):
        subject = {"a": subject}
    with pytest.raises(JsonLdError):
        to_quads(with_terms({"a": EX + "a"}, **subject), contexts=ANY)


@pytest.mark.parametrize(
    ("terms", "subject"),
    [
        ({"a": {"@id": EX + "a", "@container": "@list"}}, {"a": ["x", "y", ["z", []]]}),
        ({"a": {"@id": EX + "a", "@container": "@list"}}, {"a": []}),
        ({"a": {"@id": EX + "a", "@container": "@list"}}, {"a": {"@list": ["x"]}}),
        ({"a": {"@id": EX + "a", "@container": "@set"}}, {"a": {"@set": ["x", "y"]}}),
        ({"a": EX + "a"}, {"a": {"@list": [{"name": "n"}, 1, 2.5, True]}}),
        ({"a": {"@id": EX + "a", "@type": "@json"}}, {"a": {"x": [1, None, {"y": "z"}], "b": 1.0}}),
        ({"a": {"@id": EX + "a", "@container": "@language"}}, {"a": {"en": "x", "de": ["y", "z"], "@none": "w"}}),
        ({"a": {"@id": EX + "a", "@language": "EN"}, "@language": "fr", "b": EX + "b"}, {"a": "x", "b": "y"}),
        ({"a": {"@id": EX + "a", "@direction": "rtl", "@language": None}, "@language": "ar"}, {"a": "x"}),
        ({"p": EX, "a": {"@id": "p:a", "@type": "p:T"}}, {"a": "x", "p:b": 5}),
        ({"T": {"@id": EX + "T", "@context": {"a": EX + "a"}}}, {"type": "T", "a": {"type": "T", "a": 5}}),
        ({"a": {"@id": EX + "a", "@context": {"b": EX + "b"}}}, {"a": [{"b": 1}, {"b": 2}]}),
        ({"a": {"@id": EX + "a", "@type": "@vocab"}, "V": EX + "V"}, {"a": "V"}),
        ({"a": {"@id": EX + "a", "@container": "@graph"}}, {"a": {"name": "n"}}),
        ({"a": {"@id": EX + "a", "@type": "http://www.w3.org/2001/XMLSchema#double"}}, {"a": [1, 2.5, 1e30]}),
        ({"a": EX + "a"}, {"a": [0.1, -5e-7, 1e21, 123456789012345680000, -0.0, 7.0]}),
        ({"a": EX + "a"}, {"a": {"@id": "_:x", "name": "n"}, "description": {"@value": "d", "@language": "en"}}),
    ],
)
def test_same_quads_as_pyld(terms: dict[str, Any], subject: dict[str, Any]) -> None:
    document = with_terms(terms, **subject)
    assert canonical(document, contexts=ANY).text == pyld_canonical(document)


NAMES = ["a", "b", "c", "T", "U", "p", "name", "type", "id", "p:x", "q"]
WORDS = st.sampled_from(NAMES)
IRIS = st.sampled_from([EX + "a", EX + "b", EX, "p:y", "did:example:1", "urn:x"])
REFERENCES = st.one_of(IRIS, st.sampled_from(["relative", "_:n"]))
DEFINITIONS = st.one_of(
    IRIS,
    st.fixed_dictionaries(
        {"@id": IRIS},
        optional={
            "@type": st.sampled_from(
                ["@id", "@vocab", "@json", "@none", "http://www.w3.org/2001/XMLSchema#date", "p:T"]
            ),
            "@container": st.sampled_from(["@set", "@list", "@graph", "@language", ["@graph", "@set"]]),
            "@language": st.sampled_from(["en", None]),
            "@direction": st.sampled_from(["ltr", None]),
            "@protected": st.booleans(),
            "@context": st.dictionaries(st.sampled_from(["a", "b", "q"]), IRIS, max_size=2),
        },
    ),
)
TERMS = st.dictionaries(WORDS, DEFINITIONS, max_size=5).flatmap(
    lambda terms: st.sampled_from([terms, {**terms, "@vocab": EX}, {**terms, "@protected": True}])
)
LEAVES = st.one_of(
    st.text(string.ascii_letters + ' é\n"\\', max_size=4),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    REFERENCES,
    st.just({"@value": "v", "@language": "en"}),
    st.just({"@id": "did:example:2"}),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(WORDS, inner, max_size=3),
        st.lists(inner, max_size=2).map(lambda members: {"@list": members}),
    ),
    max_leaves=8,
)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(terms=TERMS, subject=st.dictionaries(WORDS, VALUES, min_size=1, max_size=4))
def test_generated_documents_have_pylds_quads_or_are_refused(terms: dict[str, Any], subject: dict[str, Any]) -> None:
    document = {"@context": [terms], "@id": "urn:root", "urn:p": "x", **subject}
    try:
        text = canonical(document, contexts=ANY).text
    except IdError:
        return
    assert text == pyld_canonical(document), json.dumps(document)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(WORDS, st.sampled_from(["@context", "@id", "@type", "@value"]), st.text(max_size=3)),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*NAMES, "@context", "@type", "@graph"]), JSON, max_size=5))
def test_only_our_own_errors_come_out(document: dict[str, Any]) -> None:
    for value in (document, credential(**document), json.loads(json.dumps(with_terms({}, **document), allow_nan=True))):
        try:
            canonical(value, contexts=ANY)
        except IdError:
            pass
