"""RDF Dataset Canonicalization, RDFC-1.0, with the issued identifier map and a limit on work.

A dataset comes in as quads of canonical terms (see `nquads`). Blank nodes that their own quads tell
apart are named at once, which is the whole work for nearly every credential; the rest go through
Hash N-Degree Quads, whose cost an attacker can make explode (RDFC-1.0 section 7.1), so every step of
it is counted and refused beyond `max_work`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256, sha384
from itertools import permutations
from typing import Any, Final, Literal

from credentials.rdf.nquads import Quad, write_quad
from did.errors import Malformed

HashName = Literal["SHA-256", "SHA-384"]
MAX_WORK: Final = 16384
_HASHES: Final[Mapping[str, Callable[[bytes], Any]]] = {"SHA-256": sha256, "SHA-384": sha384}


class CanonicalizationRefused(Malformed):
    """The dataset would take more work to canonicalize than any honest credential does (T31)."""

    default_hint = "Give blank nodes an id, or drop structures that cannot be told apart."


@dataclass(frozen=True, slots=True)
class Canonical:
    """A canonical dataset: sorted lines, and the map from input labels to issued ones (without `_:`)."""

    lines: tuple[str, ...]
    labels: Mapping[str, str]

    @property
    def text(self) -> str:
        """The canonical N-Quads document."""
        return "".join(self.lines)


class _Issuer:
    """Issues `prefix`0, `prefix`1, … in the order of first asking."""

    __slots__ = ("issued", "prefix")

    def __init__(self, prefix: str, issued: dict[str, str] | None = None) -> None:
        self.prefix, self.issued = prefix, {} if issued is None else issued

    def issue(self, label: str) -> str:
        found = self.issued.get(label)
        if found is None:
            found = self.issued[label] = f"{self.prefix}{len(self.issued)}"
        return found

    def copy(self) -> "_Issuer":
        return _Issuer(self.prefix, dict(self.issued))


def canonicalize(quads: Iterable[Quad], *, hash_name: HashName = "SHA-256", max_work: int = MAX_WORK) -> Canonical:
    """Canonicalize a dataset (RDFC-1.0 section 4.4.3).

    `max_work` bounds the steps of Hash N-Degree Quads. Raises CanonicalizationRefused beyond it.
    """
    unique = list(dict.fromkeys(quads))
    run = _Run(unique, _HASHES[hash_name], max_work)
    run.name_unique_nodes()
    if run.ambiguous:
        run.name_ambiguous_nodes()
    issued = {label: f"_:{name}" for label, name in run.canonical.issued.items()}
    return Canonical(
        lines=tuple(sorted(write_quad(_renamed(quad, issued)) for quad in unique)),
        labels={label[2:]: name for label, name in run.canonical.issued.items()},
    )


def _renamed(quad: Quad, issued: Mapping[str, str]) -> Quad:
    subject, predicate, object_, graph = quad
    return issued.get(subject, subject), predicate, issued.get(object_, object_), issued.get(graph, graph)


class _Run:
    """The canonicalization state of section 4.2, and the algorithms that work on it."""

    def __init__(self, quads: Iterable[Quad], hasher: Callable[[bytes], Any], max_work: int) -> None:
        self.hasher, self.work_left = hasher, max_work
        self.canonical = _Issuer("c14n")
        self.quads_of: dict[str, list[Quad]] = {}
        for quad in quads:
            for term in {quad[0], quad[2], quad[3]}:
                if term.startswith("_:"):
                    self.quads_of.setdefault(term, []).append(quad)
        self.first_degree: dict[str, str] = {}
        self.ambiguous: list[list[str]] = []

    def hash(self, text: str) -> str:
        return str(self.hasher(text.encode()).hexdigest())

    def spend(self, steps: int) -> None:
        self.work_left -= steps
        if self.work_left < 0:
            raise CanonicalizationRefused("the blank nodes of this graph cannot be told apart with reasonable work")

    def name_unique_nodes(self) -> None:
        """Steps 3 and 4: names for the nodes whose first-degree hash nobody shares."""
        by_hash: dict[str, list[str]] = {}
        for label in self.quads_of:
            digest = self.first_degree[label] = self.hash_first_degree(label)
            by_hash.setdefault(digest, []).append(label)
        for digest in sorted(by_hash):
            labels = by_hash[digest]
            if len(labels) == 1:
                self.canonical.issue(labels[0])
            else:
                self.ambiguous.append(labels)

    def name_ambiguous_nodes(self) -> None:
        """Step 5: names for the rest, by the hash of all that can be reached from them."""
        for labels in self.ambiguous:
            results: list[tuple[str, _Issuer]] = []
            for label in labels:
                if label not in self.canonical.issued:
                    issuer = _Issuer("b")
                    issuer.issue(label)
                    results.append(self.hash_n_degree(label, issuer))
            for _, issuer in sorted(results, key=lambda result: result[0]):
                for label in issuer.issued:
                    self.canonical.issue(label)

    def hash_first_degree(self, label: str) -> str:
        """Hash First Degree Quads (section 4.6.3): this node is `_:a`, every other one `_:z`."""
        lines = []
        for subject, predicate, object_, graph in self.quads_of[label]:
            s, o, g = (
                term if not term.startswith("_:") else "_:a" if term == label else "_:z"
                for term in (subject, object_, graph)
            )
            lines.append(write_quad((s, predicate, o, g)))
        lines.sort()
        return self.hash("".join(lines))

    def hash_related(self, related: str, quad: Quad, issuer: _Issuer, position: str) -> str:
        """Hash Related Blank Node (section 4.7.3)."""
        name = self.canonical.issued.get(related) or issuer.issued.get(related)
        known = f"_:{name}" if name else self.first_degree[related]
        return self.hash(f"{position}{quad[1]}{known}" if position != "g" else f"{position}{known}")

    def related_by_hash(self, label: str, issuer: _Issuer) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        quads = self.quads_of[label]
        self.spend(len(quads))
        for quad in quads:
            for position, term in (("s", quad[0]), ("o", quad[2]), ("g", quad[3])):
                if term != label and term.startswith("_:"):
                    found.setdefault(self.hash_related(term, quad, issuer, position), []).append(term)
        return found

    def hash_n_degree(self, label: str, issuer: _Issuer) -> tuple[str, _Issuer]:
        """Hash N-Degree Quads (section 4.8.3)."""
        data: list[str] = []
        related = self.related_by_hash(label, issuer)
        for digest in sorted(related):
            data.append(digest)
            chosen_path, chosen_issuer = "", None
            for order in permutations(related[digest]):
                self.spend(len(order))
                walked = self.walk(order, issuer, chosen_path)
                if walked is not None and (not chosen_path or walked[0] < chosen_path):
                    chosen_path, chosen_issuer = walked
            data.append(chosen_path)
            if chosen_issuer is not None:
                issuer = chosen_issuer
        return self.hash("".join(data)), issuer

    def walk(self, order: tuple[str, ...], issuer: _Issuer, chosen: str) -> tuple[str, _Issuer] | None:
        """The path through related nodes in one order, or None as soon as it cannot beat `chosen`."""
        issuer = issuer.copy()
        path, recursion = "", []
        for label in order:
            name = self.canonical.issued.get(label)
            if name is None:
                if label not in issuer.issued:
                    recursion.append(label)
                name = issuer.issue(label)
            path += f"_:{name}"
            if chosen and len(path) >= len(chosen) and path > chosen:
                return None
        for label in recursion:
            digest, result = self.hash_n_degree(label, issuer)
            path += f"_:{issuer.issue(label)}<{digest}>"
            issuer = result
            if chosen and len(path) >= len(chosen) and path > chosen:
                return None
        return path, issuer
