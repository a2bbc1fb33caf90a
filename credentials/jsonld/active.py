"""Active contexts: JSON-LD 1.1 context processing (JSON-LD 1.1 API 4.1 and 4.2) as compile and cache.

An `ActiveContext` never changes once made; what follows from it by one more context is kept inside it,
as long as that context is one of ours and not a stranger's. Left out, and refused: `@base`, `@import`,
`@propagate`, `@reverse`, `@nest`, `@index`, and the containers `@index`, `@id` and `@type`.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from credentials.jsonld.errors import ContextRefused, DataLoss, JsonLdError
from credentials.jsonld.terms import KEYWORDS, LIKE_KEYWORD, Term, direction_of, good_iri, is_iri, language_of

_CONTEXT_WORDS: Final = frozenset({"@version", "@vocab", "@language", "@direction", "@protected", "@base"})
_TERM_WORDS: Final = frozenset(
    {"@id", "@type", "@container", "@context", "@language", "@direction", "@protected", "@prefix"}
)
_CONTAINERS: Final = frozenset(
    frozenset(words.split()) for words in ("", "@list", "@set", "@graph", "@language", "@graph @set", "@language @set")
)
_MAX_CONTEXTS: Final = 16
_MAX_TERMS: Final = 1000


class Source(Protocol):
    """Where contexts come from (`contexts.Contexts`)."""

    @property
    def inline(self) -> bool:
        """Whether documents may bring contexts along."""

    @property
    def root(self) -> "ActiveContext":
        """The initial context."""

    def document(self, url: str) -> Any:
        """The value of `@context` behind a URL."""

    def count_compiled(self) -> None:
        """Note one more compiled context."""


class ActiveContext:
    """Terms and defaults in force at one point of a document. `previous` is what type scopes give way to."""

    __slots__ = ("_followers", "direction", "language", "previous", "terms", "type_names", "value_names", "vocab")

    def __init__(self, parent: "ActiveContext | None" = None) -> None:
        self.terms: dict[str, Term] = {} if parent is None else dict(parent.terms)
        self.vocab: str | None = None if parent is None else parent.vocab
        self.language: str | None = None if parent is None else parent.language
        self.direction: str | None = None if parent is None else parent.direction
        self.previous: ActiveContext | None = None if parent is None else parent.previous
        self.type_names: frozenset[str] = frozenset({"@type"}) if parent is None else parent.type_names
        self.value_names: frozenset[str] = frozenset({"@value"}) if parent is None else parent.value_names
        self._followers: dict[object, ActiveContext] = {}

    def keyword(self, key: str) -> str | None:
        """Return the keyword that `key` is or stands for."""
        if key in KEYWORDS:
            return key
        term = self.terms.get(key)
        return term.iri if term is not None and term.iri is not None and term.iri[0] == "@" else None

    def term(self, key: str) -> Term:
        """Return the definition of a property. Raises DataLoss when it has none."""
        found = self.terms.get(key)
        if found is None:
            found = Term(self.expand(key, vocab=True))
        if found.iri is None:
            raise DataLoss(f"the term {key[:80]!r} is not defined")
        return found

    def expand(self, value: str, *, vocab: bool) -> str:
        """Return an IRI, blank node or keyword for `value` (API 5.2). Raises DataLoss when it stays relative."""
        if value in KEYWORDS:
            return value
        if vocab and (term := self.terms.get(value)) is not None:
            if term.iri is None:
                raise DataLoss(f"the term {value[:80]!r} is mapped to nothing")
            return term.iri
        prefix, colon, suffix = value.partition(":")
        if colon and prefix:
            if prefix == "_" or suffix.startswith("//"):
                return good_iri(value)
            term = self.terms.get(prefix)
            if term is not None and term.prefix and term.iri is not None:
                return good_iri(term.iri + suffix)
            if is_iri(value):
                return value
        if vocab and self.vocab is not None and not LIKE_KEYWORD.fullmatch(value):
            return good_iri(self.vocab + value)
        raise DataLoss(f"{value[:80]!r} is neither a defined term nor an absolute IRI")

    def type_scoped(self, term: Term, source: Source) -> "ActiveContext":
        """Return the context inside a node of a type with a scoped context; it ends at the next node."""
        cache, key = self._cache(term), (self, term, "type")
        found = cache.get(key)
        if found is None:
            found = ActiveContext(process(self, term.scope, source, trusted=term.trusted))
            found.previous = self.previous or self
            cache[key] = found
            source.count_compiled()
        return found

    def property_scoped(self, term: Term, source: Source) -> "ActiveContext":
        """Return the context inside the value of a property with a scoped context."""
        cache, key = self._cache(term), (self, term)
        found = cache.get(key)
        if found is None:
            found = cache[key] = process(self, term.scope, source, override=True, trusted=term.trusted)
            source.count_compiled()
        return found

    def for_scalar(self, term: Term, source: Source) -> "ActiveContext":
        """Return the context for a plain value of a property. Raises JsonLdError if its scope redefines it."""
        if not term.has_scope:
            return self
        inner = self.property_scoped(term, source)
        again = inner.terms.get(term.name)
        if again is not term and (again is None or again.means() != term.means()):
            raise JsonLdError("a scoped context defines the term that it belongs to in another way")
        return inner

    def by_url(self, url: str, source: Source, override: bool) -> "ActiveContext":
        """Return this context with the one at `url` applied."""
        value = source.document(url)
        found = self._followers.get((url, override))
        if found is None:
            found = process(self, value, source, override=override, trusted=True)
            self._followers[url, override] = found
            source.count_compiled()
        return found

    def _cache(self, term: Term) -> "dict[object, ActiveContext]":
        # What a stranger's term leads to lives as long as that term, and never hangs from what is ours.
        return self._followers if term.trusted else term.followers


def process(
    active: ActiveContext, local: Any, source: Source, *, override: bool = False, trusted: bool = False
) -> ActiveContext:
    """Apply a local context: a URL, an object, null, or a list of these (API 4.1).

    `override` lets protected terms be redefined, as property-scoped contexts may. `trusted` says that
    `local` comes from a context that we hold. Raises ContextRefused.
    """
    contexts = local if isinstance(local, list) else [local]
    if len(contexts) > _MAX_CONTEXTS:
        raise ContextRefused(f"more than {_MAX_CONTEXTS} contexts in one place")
    result = active
    for context in contexts:
        if isinstance(context, str):
            result = result.by_url(context, source, override)
        elif context is None:
            if not override and any(term.protected for term in result.terms.values()):
                raise ContextRefused("a context with protected terms cannot be taken away")
            result = source.root
        elif isinstance(context, Mapping):
            if not (trusted or source.inline):
                raise ContextRefused("the document brings a context of its own")
            if set(context) == {"@context"} and isinstance(context["@context"], Mapping):
                context = context["@context"]  # a context document in the place of its context
            result = _Compiler(result, context, source, override=override, trusted=trusted).run()
        else:
            raise ContextRefused("a context is neither a URL nor an object")
    return result


class _Compiler:
    """Makes one new active context from one context object."""

    def __init__(
        self,
        active: ActiveContext,
        local: Mapping[str, Any],
        source: Source,
        *,
        override: bool,
        trusted: bool,
    ) -> None:
        self.local, self.source, self.override, self.trusted = local, source, override, trusted
        self.before = active
        self.made = ActiveContext(active)
        self.state: dict[str, bool] = {}

    def run(self) -> ActiveContext:
        local, made = self.local, self.made
        protected = local.get("@protected", False)
        if local.get("@version", 1.1) != 1.1 or not isinstance(protected, bool) or local.get("@base") is not None:
            raise ContextRefused("a context has an @version, @protected or @base that is not allowed")
        if "@vocab" in local:
            made.vocab = self.vocab(local["@vocab"])
        if "@language" in local:
            made.language = language_of(local["@language"])
        if "@direction" in local:
            made.direction = direction_of(local["@direction"])
        for key in local:
            if key not in _CONTEXT_WORDS:
                self.define(key)
        made.type_names = self.names_of("@type", made.type_names)
        made.value_names = self.names_of("@value", made.value_names)
        if not self.trusted:
            self.check_scopes()
        return made

    def names_of(self, keyword: str, before: frozenset[str]) -> frozenset[str]:
        """Return the keyword and its aliases after this context."""
        names = {key for key in self.local if (term := self.made.terms.get(key)) is not None and term.iri == keyword}
        return before if names <= before and before.isdisjoint(self.local) else before - self.local.keys() | names

    def check_scopes(self) -> None:
        """Compile what a stranger scoped even if nothing uses it, so that nothing ill-formed is let through."""
        if len(self.made.terms) > _MAX_TERMS:
            raise ContextRefused(f"more than {_MAX_TERMS} terms are defined")
        for key in self.local:
            term = self.made.terms.get(key)
            if term is not None and term.has_scope and not term.trusted:
                process(self.made, term.scope, self.source, override=True)

    def vocab(self, value: Any) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or not is_iri(value):
            raise ContextRefused("@vocab is not an absolute IRI")
        prefix = value.partition(":")[0]
        if not value[len(prefix) :].startswith("://") and (prefix in self.before.terms or prefix in self.local):
            raise ContextRefused("@vocab is written with a prefix")
        return value

    def define(self, key: str) -> None:
        """Create Term Definition (API 4.2)."""
        done = self.state.get(key)
        if done:
            return
        if done is False:
            raise ContextRefused("a context defines a term by itself")
        if not key or key in KEYWORDS or LIKE_KEYWORD.fullmatch(key):
            raise ContextRefused("a context defines a keyword or an empty term")
        self.state[key] = False
        value = self.local[key]
        simple = value is None or isinstance(value, str)
        definition: Any = {"@id": value} if simple else value
        if not isinstance(definition, Mapping) or not _TERM_WORDS.issuperset(definition):
            raise ContextRefused(f"the definition of {key[:80]!r} is not one that we read")
        previous = self.made.terms.pop(key, None)
        term = Term(self.iri_of(key, definition), name=key, trusted=self.trusted)
        self.fill(term, key, definition, simple=simple)
        if previous is not None and previous.protected and not self.override:
            if previous.means() != term.means():
                raise ContextRefused(f"the protected term {key[:80]!r} is defined again")
            term = previous
        self.made.terms[key] = term
        self.state[key] = True

    def iri_of(self, key: str, definition: Mapping[str, Any]) -> str | None:
        if "@id" in definition and definition["@id"] != key:
            value = definition["@id"]
            if value is None:
                return None
            iri = self.expand(value)
            if iri in ("@context", "@preserve", "@none") or iri.startswith("_:"):
                raise ContextRefused("a term stands for a blank node, or a keyword that has no alias")
            if (":" in key[1:-1] or "/" in key) and self.expand(key, defining=key) != iri:
                raise ContextRefused("a term in the form of an IRI means another IRI")
            return iri
        prefix, colon, suffix = key.partition(":")
        if colon and prefix:
            if prefix in self.local:
                self.define(prefix)
            found = self.made.terms.get(prefix)
            return good_iri(found.iri + suffix if found is not None and found.iri is not None else key)
        if self.made.vocab is None:
            raise ContextRefused(f"the term {key[:80]!r} is defined without an IRI")
        return good_iri(self.made.vocab + key)

    def expand(self, value: Any, *, defining: str = "") -> str:
        if not isinstance(value, str):
            raise ContextRefused("a context has something other than text for an IRI")
        for name in (value, value.partition(":")[0]):
            if name in self.local and name != defining and name not in _CONTEXT_WORDS:
                self.define(name)
        try:
            return self.made.expand(value, vocab=True)
        except DataLoss as exc:
            raise ContextRefused(f"a context does not hold: {exc.detail}") from exc

    def fill(self, term: Term, key: str, definition: Mapping[str, Any], *, simple: bool) -> None:
        term.protected = definition.get("@protected", self.local.get("@protected", False))
        prefix = definition.get(
            "@prefix", simple and ":" not in key[1:] and term.iri is not None and term.iri[-1] in ":/?#[]@"
        )
        if not isinstance(term.protected, bool) or not isinstance(prefix, bool):
            raise ContextRefused("@protected or @prefix is not true or false")
        if "@prefix" in definition and (":" in key or "/" in key or term.iri is None or term.iri[0] == "@"):
            raise ContextRefused("@prefix is set on what cannot be a prefix")
        term.prefix = prefix
        if "@type" in definition:
            kind = self.expand(definition["@type"])
            if kind not in ("@id", "@vocab", "@json", "@none") and not is_iri(kind):
                raise ContextRefused("the @type of a term is not an IRI")
            term.type = kind
        container = definition.get("@container", [])
        container = [container] if isinstance(container, str) else container
        if not isinstance(container, list) or not all(isinstance(word, str) for word in container):
            raise ContextRefused("a @container is not text")
        term.container = frozenset(container)
        if len(container) > 2 or term.container not in _CONTAINERS:
            raise ContextRefused("a @container is not one that we read")
        if term.type == "@json" and not term.container <= {"@set"}:
            raise ContextRefused("a JSON literal is put into a container")
        if "@language" in definition and "@type" not in definition:
            term.language = language_of(definition["@language"])
        if "@direction" in definition:
            term.direction = direction_of(definition["@direction"])
        if "@context" in definition:
            term.has_scope, term.scope = True, definition["@context"]  # compiled where it is used
