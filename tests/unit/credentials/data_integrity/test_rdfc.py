"""Canonicalization held against another implementation on generated datasets, and what it must refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from credentials.rdf.nquads import Quad, literal, parse_nquads, write_nquads
from credentials.rdf.rdfc import canonicalize
from did.errors import Malformed

pyoxigraph = pytest.importorskip("pyoxigraph")

iris = st.sampled_from(["<http://example.org/a>", "<http://example.org/b>", "<http://example.org/é>"])
blanks = st.integers(0, 5).map(lambda number: f"_:e{number}")
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
literals = (
    texts.map(literal)
    | texts.map(lambda text: literal(text, language="en"))
    | texts.map(lambda text: literal(text, datatype="http://example.org/type"))
)
quads = st.lists(
    st.tuples(iris | blanks, iris, iris | blanks | literals, iris | blanks | st.just("")), max_size=12, unique=True
)


def oracle(dataset: list[Quad]) -> str:
    parsed = pyoxigraph.Dataset(
        pyoxigraph.parse(input=write_nquads(dataset).encode(), format=pyoxigraph.RdfFormat.N_QUADS)
    )
    parsed.canonicalize(pyoxigraph.CanonicalizationAlgorithm.RDFC_1_0)
    lines = [f"{quad} ." if not str(quad).endswith(".") else str(quad) for quad in parsed]
    return "".join(sorted(line + "\n" for line in lines))


@settings(max_examples=150, deadline=None)
@given(quads)
def test_generated_datasets_canonicalize_as_another_implementation_does(dataset: list[Quad]) -> None:
    ours = canonicalize(dataset).text
    assert parse_nquads(ours) == parse_nquads(oracle(dataset))


@settings(max_examples=100, deadline=None)
@given(quads, st.randoms())
def test_labels_and_order_have_no_effect(dataset: list[Quad], random: object) -> None:
    renamed = [tuple(term.replace("_:e", "_:zz") for term in quad) for quad in dataset]
    random.shuffle(renamed)
    assert canonicalize(renamed).text == canonicalize(dataset).text


@given(quads)
def test_written_quads_are_read_back_alike(dataset: list[Quad]) -> None:
    assert sorted(parse_nquads(write_nquads(dataset))) == sorted(dataset)


@pytest.mark.parametrize(
    "line",
    [
        "<a> <b> .",
        "_: <b> <c> .",
        '<a> <b> "x" ',
        '<a> <b> "x\\q" .',
        '<a> "b" <c> .',
        '<a> <b> "\\uD800" .',
        "<a b> <c> <d> .",
    ],
)
def test_what_is_not_an_nquad_is_refused(line: str) -> None:
    with pytest.raises(Malformed):
        parse_nquads(line)
