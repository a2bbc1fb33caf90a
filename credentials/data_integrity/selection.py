"""Selective disclosure by statement: JSON pointers to statements, and a document's statements in groups.

ECDSA Cryptosuites 1.0 section 3.4 (`selectJsonLd`, `canonicalizeAndGroup` and what they use). Nodes keep
their names by an id written into a copy of the document, so no compaction is needed. Lists, graphs inside
graphs and documents with blank node ids of their own cannot be taken apart this way and are refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from credentials.data_integrity.errors import ProofNotMade
from credentials.jsonld import Contexts, dataset
from credentials.rdf.nquads import Quad, write_quad
from credentials.rdf.rdfc import canonicalize

MAX_POINTERS: Final = 512
_INDEX: Final = re.compile(r"0|[1-9][0-9]{0,5}")
_FIRST: Final = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#first>"
_ALWAYS: Final = ("id", "@id", "type", "@type")

Labels = Mapping[str, str]
Relabel = Callable[[Labels], dict[str, str]]
"""Makes the labels that are signed from the canonical ones: {label of the input: canonical} to {label: signed}."""


@dataclass(frozen=True, slots=True)
class Grouped:
    """A document's statements. `lines` are canonical with their signed labels; groups are indexes into them.

    `labels` maps the labels of `selected`, the quads that each group selects, to the signed ones.
    """

    lines: list[str]
    labels: Labels
    groups: Mapping[str, list[int]]
    selected: Mapping[str, list[Quad]]


class _Sparse(dict[int, Any]):
    """An array of which only some members are selected."""


def group(
    document: Mapping[str, Any], pointers: Mapping[str, Sequence[str]], *, relabel: Relabel, contexts: Contexts
) -> Grouped:
    """Canonicalize `document`, name its blank nodes by `relabel`, and find what each group of pointers selects.

    Raises ProofNotMade for pointers that point at nothing, and what `dataset` and `canonicalize` raise.
    """
    copy = unshared(document)
    whole = dataset(copy, contexts=contexts)
    for subject, predicate, _, graph in whole.quads:
        if graph or predicate == _FIRST:
            raise ProofNotMade("lists and graphs cannot be disclosed by statement")
        if subject.startswith("_:") and subject not in whole.nodes.values():
            raise ProofNotMade("a blank node cannot be named")
    labels = relabel(canonicalize(whole.quads).labels)
    lines = relabelled(whole.quads, labels)
    index = {line: at for at, line in enumerate(lines)}
    named = _named(copy, whole.nodes)
    groups, selected = {}, {}
    for name, paths in pointers.items():
        quads = dataset(select(named, paths), contexts=contexts, keep_labels=True).quads if paths else []
        selected[name] = quads
        try:
            groups[name] = sorted(index[line] for line in relabelled(quads, labels))
        except KeyError as exc:
            raise ProofNotMade("a selection states what the document does not") from exc
    return Grouped(lines, labels, groups, selected)


def relabelled(quads: Sequence[Quad], labels: Labels) -> list[str]:
    """Return the sorted N-Quads with their blank nodes renamed."""
    names = {f"_:{label}": f"_:{name}" for label, name in labels.items()}
    return sorted(write_quad((names.get(s, s), p, names.get(o, o), g)) for s, p, o, g in quads)


def select(document: Mapping[str, Any], pointers: Sequence[str]) -> dict[str, Any]:
    """Return the part of `document` that JSON pointers select, with the id and type of every node on the way.

    Raises ProofNotMade when nothing is selected or a pointer leads nowhere.
    """
    if not pointers or len(pointers) > MAX_POINTERS:
        raise ProofNotMade(f"nothing is selected, or by more than {MAX_POINTERS} pointers")
    selection = _initial(document)
    selection["@context"] = unshared(document.get("@context"))
    for pointer in pointers:
        _select_path(document, _path(pointer), selection)
    made: dict[str, Any] = _dense(selection)
    return made


def check_pointers(pointers: Any) -> list[str]:
    """Return a list of JSON pointers as read from a proof. Raises ProofNotMade."""
    if not isinstance(pointers, list) or len(pointers) > MAX_POINTERS:
        raise ProofNotMade("the pointers are not a list of fitting length")
    for pointer in pointers:
        _path(pointer)
    return pointers


def unshared(value: Any) -> Any:
    """Return a deep copy in which no two places share an object."""
    if isinstance(value, Mapping):
        return {name: unshared(member) for name, member in value.items()}
    if isinstance(value, list):
        return [unshared(member) for member in value]
    return value


def _named(value: Any, nodes: Mapping[int, str]) -> Any:
    """Return a copy in which every node has an id, blank nodes too."""
    if isinstance(value, list):
        return [_named(member, nodes) for member in value]
    if not isinstance(value, Mapping):
        return value
    made = {name: _named(member, nodes) for name, member in value.items()}
    subject = nodes.get(id(value), "")
    if subject.startswith("_:"):
        if any(isinstance(member, str) and member.startswith("_:") for member in value.values()):
            raise ProofNotMade("the document names blank nodes itself")
        made["@id"] = subject
    return made


def _path(pointer: Any) -> list[str]:
    """Split a JSON pointer (RFC 6901). The whole document is no selection (T32)."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or re.search(r"~(?![01])", pointer):
        raise ProofNotMade("a JSON pointer begins with a slash and points into the document")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def _step(value: Any, part: str) -> tuple[str | int, Any]:
    if isinstance(value, Mapping) and part in value and part != "@context":
        return part, value[part]
    if isinstance(value, list) and _INDEX.fullmatch(part) and int(part) < len(value):
        return int(part), value[int(part)]
    raise ProofNotMade("a JSON pointer points at nothing in this document")


def _initial(source: Any) -> dict[str, Any]:
    if not isinstance(source, Mapping):
        return {}
    return {name: unshared(source[name]) for name in _ALWAYS if name in source}


def _select_path(document: Mapping[str, Any], path: list[str], selection: dict[str, Any]) -> None:
    value: Any = document
    place: Any = selection
    for part in path[:-1]:
        key, value = _step(value, part)
        known = _get(place, key)
        if known is None:
            known = place[key] = _Sparse() if isinstance(value, list) else _initial(value)
        place = known
    key, value = _step(value, path[-1])
    known = _get(place, key)
    if isinstance(value, list):
        place[key] = _Sparse(enumerate(unshared(value)))
    elif isinstance(value, Mapping):
        place[key] = {**(known if isinstance(known, dict) else {}), **unshared(value)}
    else:
        place[key] = value


def _get(place: Any, key: str | int) -> Any:
    if isinstance(place, list):
        return place[int(key)]
    return place.get(key)


def _dense(value: Any) -> Any:
    if isinstance(value, _Sparse):
        return [_dense(value[at]) for at in sorted(value)]
    if isinstance(value, dict):
        return {name: _dense(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_dense(member) for member in value]
    return value
