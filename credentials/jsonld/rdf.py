"""From a JSON-LD document straight to RDF quads: expansion, node map and to-RDF in one walk (JSON-LD 1.1 API 5.1, 8.1).

Always in safe mode: what would be dropped, or read in two ways, is refused (T30) - undefined terms,
relative IRIs, null, empty arrays, arrays in arrays, strings in graphs. Base is null; base direction goes
into i18n datatypes. Left out, and refused: `@graph`, `@included`, `@nest`, `@reverse` and `@index` inside
documents, and blank nodes as predicates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from credentials.jsonld.active import ActiveContext, process
from credentials.jsonld.contexts import Contexts, default_contexts
from credentials.jsonld.errors import DataLoss, JsonLdError
from credentials.jsonld.literals import json_literal, language_map, plain, scalar, text_of, value_object
from credentials.jsonld.terms import Term
from credentials.rdf.nquads import Quad
from credentials.rdf.rdfc import Canonical, HashName, canonicalize

MAX_QUADS: Final = 20_000
MAX_DEPTH: Final = 64
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE: Final = f"<{_RDF}type>"
_FIRST, _REST, _NIL = f"<{_RDF}first>", f"<{_RDF}rest>", f"<{_RDF}nil>"
_NO_TERM: Final = Term("@none")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The quads of a document. `nodes` maps `id()` of each node object in it to its term text."""

    quads: list[Quad]
    nodes: Mapping[int, str]


def to_quads(document: Mapping[str, Any], *, contexts: Contexts | None = None) -> list[Quad]:
    """Return the RDF quads of `document`, a JSON object with its own `@context`.

    Raises ContextRefused, DataLoss or JsonLdError.
    """
    return dataset(document, contexts=contexts).quads


def dataset(document: Mapping[str, Any], *, contexts: Contexts | None = None, keep_labels: bool = False) -> Dataset:
    """Return the quads of `document` and the names of its nodes; each object in it must be one of its own.

    With `keep_labels` the document's own blank node labels stay as they are: for documents made here.
    """
    walk = _Walk(default_contexts() if contexts is None else contexts, keep_labels=keep_labels)
    walk.node(document, walk.contexts.root, _NO_TERM, "", 0)
    if not walk.quads:
        raise DataLoss("the document states nothing")
    return Dataset(list(walk.quads), walk.nodes)


def expanded_types(document: Mapping[str, Any], *, contexts: Contexts | None = None) -> tuple[str, ...]:
    """Return the IRIs of the types of `document` itself. Raises what `to_quads` raises."""
    contexts = default_contexts() if contexts is None else contexts
    active = process(contexts.root, document.get("@context", []), contexts)
    return tuple(active.expand(name, vocab=True) for name in _types(document.get("type")))


def canonical(
    document: Mapping[str, Any], *, contexts: Contexts | None = None, hash_name: HashName = "SHA-256"
) -> Canonical:
    """Return the canonical N-Quads of `document` (RDFC-1.0). Raises what `to_quads` and `canonicalize` raise."""
    return canonicalize(to_quads(document, contexts=contexts), hash_name=hash_name)


class _Walk:
    """One pass over one document."""

    def __init__(self, contexts: Contexts, *, keep_labels: bool = False) -> None:
        self.contexts, self.keep_labels = contexts, keep_labels
        self.quads: dict[Quad, None] = {}
        self.nodes: dict[int, str] = {}
        self.blank: dict[str, str] = {}

    def emit(self, subject: str, predicate: str, object_: str, graph: str) -> None:
        self.quads[subject, predicate, object_, graph] = None
        if len(self.quads) > MAX_QUADS:
            raise JsonLdError(f"the document has more than {MAX_QUADS} statements")

    def fresh(self) -> str:
        label = f"_:b{len(self.blank)}"
        self.blank[label] = label
        return label

    def resource(self, iri: str) -> str:
        """Return the term text of an IRI or blank node; labels of the document get names of ours."""
        if iri[0] == "@":
            raise JsonLdError("a keyword stands where an IRI is due")
        if not iri.startswith("_:"):
            return text_of(f"<{iri}>")
        if self.keep_labels:
            return iri
        # A document's own label cannot meet one of ours: theirs are kept under another key.
        found = self.blank.get(f"doc {iri}")
        if found is None:
            found = self.blank[f"doc {iri}"] = f"_:b{len(self.blank)}"
        return found

    def enter(self, element: Mapping[str, Any], ctx: ActiveContext, term: Term) -> ActiveContext:
        """Return the context inside `element`: type scope ended, property scope begun, its own applied (5.1.2, 7-9)."""
        if ctx.previous is not None:
            words = {ctx.keyword(key) for key in element}
            if "@value" not in words and words != {"@id"}:
                ctx = ctx.previous
        if term.has_scope:
            ctx = ctx.property_scoped(term, self.contexts)
        if "@context" in element:
            ctx = process(ctx, element["@context"], self.contexts)
        return ctx

    def node(
        self,
        element: Mapping[str, Any],
        ctx: ActiveContext,
        term: Term,
        graph: str,
        depth: int,
        *,
        entered: bool = False,
    ) -> str:
        """State a node object in `graph` and return the text of its subject."""
        if depth > MAX_DEPTH:
            raise JsonLdError(f"the document is nested more than {MAX_DEPTH} deep")
        outer = ctx if entered else self.enter(element, ctx, term)
        ctx = self.typed(element, outer)
        subject, types, rest = "", None, []
        for key, value in element.items():
            if key == "@context":
                continue
            found = ctx.terms.get(key)
            word = key if key[:1] == "@" else None if found is None else found.iri
            if word == "@id":
                if subject or not isinstance(value, str):
                    raise JsonLdError("a node has more than one id, or one that is not text")
                subject = self.resource(ctx.expand(value, vocab=False))
            elif word == "@type":
                if types is not None:
                    raise JsonLdError("a node has its types in two members")
                types = value
            else:
                rest.append((found if found is not None and word is not None else ctx.term(key), value))
        subject = subject or self.fresh()
        self.nodes[id(element)] = subject
        if types is not None:
            for name in _types(types):
                self.emit(subject, _TYPE, self.resource(outer.expand(name, vocab=True)), graph)
        for property_, value in rest:
            iri = property_.iri or ""
            if iri[0] in "@_":
                raise JsonLdError(f"{iri} is not read here, or no property")
            self.property(subject, text_of(f"<{iri}>"), property_, value, ctx, graph, depth + 1)
        return subject

    def typed(self, element: Mapping[str, Any], ctx: ActiveContext) -> ActiveContext:
        """Return the context with those of the node's types applied, in the order of their names (5.1.2, 11)."""
        keys = ctx.type_names & element.keys()
        outer = ctx
        for key in sorted(keys) if len(keys) > 1 else keys:
            for name in sorted(_types(element[key])):
                term = outer.terms.get(name)
                if term is not None and term.has_scope:
                    ctx = ctx.type_scoped(term, self.contexts)
        return ctx

    def property(
        self, subject: str, predicate: str, term: Term, value: Any, ctx: ActiveContext, graph: str, depth: int
    ) -> None:
        """State every value of one property."""
        if term.type == "@json":
            self.emit(subject, predicate, json_literal(value), graph)
        elif "@list" in term.container:
            members = value["@list"] if isinstance(value, Mapping) and set(value) == {"@list"} else value
            members = members if isinstance(members, list) else [members]
            self.emit(subject, predicate, self.list(members, ctx, term, graph, depth), graph)
        elif "@language" in term.container and isinstance(value, Mapping):
            for text in language_map(value, term, ctx):
                self.emit(subject, predicate, text, graph)
        else:
            if value == []:
                raise DataLoss("an empty array would not be signed")
            for item in value if isinstance(value, list) else (value,):
                if "@graph" in term.container:
                    self.graph(subject, predicate, term, item, ctx, graph, depth)
                else:
                    self.value(subject, predicate, term, item, ctx, graph, depth)

    def value(
        self, subject: str, predicate: str, term: Term, item: Any, ctx: ActiveContext, graph: str, depth: int
    ) -> None:
        if isinstance(item, Mapping) and ("@set" in item or "@list" in item):
            inner = self.enter(item, ctx, term)
            if set(item) == {"@set"}:
                for member in item["@set"] if isinstance(item["@set"], list) else [item["@set"]]:
                    if isinstance(member, list):
                        raise DataLoss("an array in an array would lose its shape")
                    self.value(subject, predicate, term, member, inner, graph, depth + 1)
                return
            if set(item) != {"@list"}:
                raise JsonLdError("@set and @list stand alone")
            members = item["@list"] if isinstance(item["@list"], list) else [item["@list"]]
            self.emit(subject, predicate, self.list(members, inner, term, graph, depth + 1), graph)
            return
        self.emit(subject, predicate, self.object(term, item, ctx, graph, depth), graph)

    def graph(
        self, subject: str, predicate: str, term: Term, item: Any, ctx: ActiveContext, graph: str, depth: int
    ) -> None:
        """State the value of a property whose container is `@graph`: a node in a graph of its own."""
        if not isinstance(item, Mapping):
            raise DataLoss("a value that is no object would be lost in its graph")
        name, before = self.fresh(), len(self.quads)
        self.emit(subject, predicate, name, graph)
        self.object(term, item, ctx, name, depth)
        if len(self.quads) < before + 2:
            raise DataLoss("a graph would be empty")

    def object(self, term: Term, item: Any, ctx: ActiveContext, graph: str, depth: int) -> str:
        """Return the text of one value, stating what it says of itself (value expansion 5.3, object to RDF 8.2)."""
        if isinstance(item, str):
            ctx = ctx.for_scalar(term, self.contexts)
            if term.type == "@id" or term.type == "@vocab":
                return self.resource(ctx.expand(item, vocab=term.type == "@vocab"))
            return plain(item, term, ctx)
        if isinstance(item, Mapping):
            inner = self.enter(item, ctx, term)
            if not inner.value_names.isdisjoint(item):
                return value_object(item, inner)
            return self.node(item, inner, term, graph, depth, entered=True)
        if item is None:
            raise DataLoss("null would not be signed")
        if isinstance(item, list):
            raise DataLoss("an array in an array would lose its shape")
        ctx.for_scalar(term, self.contexts)
        return scalar(item, None if term.type in (None, "@id", "@vocab", "@none") else term.type)

    def list(self, members: list[Any], ctx: ActiveContext, term: Term, graph: str, depth: int) -> str:
        """State an RDF collection and return its head (8.3)."""
        if depth > MAX_DEPTH:
            raise JsonLdError(f"the document is nested more than {MAX_DEPTH} deep")
        head = following = _NIL
        for member in reversed(members):
            if isinstance(member, list):
                text = self.list(member, ctx, term, graph, depth + 1)
            else:
                text = self.object(term, member, ctx, graph, depth + 1)
            head = self.fresh()
            self.emit(head, _FIRST, text, graph)
            self.emit(head, _REST, following, graph)
            following = head
        return head


def _types(value: Any) -> list[str]:
    types = [value] if isinstance(value, str) else value
    if not isinstance(types, list) or not types or not all(isinstance(name, str) for name in types):
        raise JsonLdError("the type of a node is text, or an array of texts")
    return types
