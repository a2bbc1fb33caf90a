"""RDF datasets as this package holds them, and N-Quads in and out (RDF 1.1 N-Quads; canonical form of RDFC-1.0).

A term is its canonical N-Quads text: `<iri>`, `"literal"^^<datatype>`, `"literal"@tag` or `_:label`.
A quad is a tuple of four such texts; the default graph is the empty text. Texts compare and hash fast,
and canonicalization needs nothing else.
"""

import re
from collections.abc import Iterable
from typing import Final

from did.errors import Malformed

Quad = tuple[str, str, str, str]

MAX_BYTES: Final = 4 * 1024 * 1024
_XSD_STRING: Final = "^^<http://www.w3.org/2001/XMLSchema#string>"
_IRI: Final = r"<((?:[^\x00-\x20<>\"{}|^`\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)>"
_BLANK: Final = (
    r"_:([A-Za-z0-9_\u00C0-\U000EFFFF](?:[A-Za-z0-9_.\u00B7\u00C0-\U000EFFFF-]*[A-Za-z0-9_\u00B7\u00C0-\U000EFFFF-])?)"
)
_LITERAL: Final = r'"((?:[^"\\\n\r]|\\[tbnrf"\'\\]|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8})*)"'
_TAIL: Final = rf"(?:\^\^{_IRI}|@([A-Za-z]+(?:-[A-Za-z0-9]+)*))?"
_LINE: Final = re.compile(
    rf"[ \t]*(?:{_IRI}|{_BLANK})[ \t]*{_IRI}[ \t]*(?:{_IRI}|{_BLANK}|{_LITERAL}{_TAIL})"
    rf"[ \t]*(?:{_IRI}|{_BLANK})?[ \t]*\.[ \t]*(?:#.*)?"
)
_ESCAPE: Final = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))")
_SHORT: Final = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_WRITE: Final = str.maketrans(
    {chr(code): f"\\u{code:04X}" for code in (*range(0x20), 0x7F)}
    | {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
)


def literal(value: str, *, datatype: str | None = None, language: str | None = None) -> str:
    """Return the text of a literal; `xsd:string` is left unsaid, as the canonical form has it."""
    text = f'"{value.translate(_WRITE)}"'
    if language is not None:
        return f"{text}@{language}"
    tail = "" if datatype is None else f"^^<{datatype}>"
    return text if tail == _XSD_STRING else text + tail


def parse_nquads(text: str) -> list[Quad]:
    """Read N-Quads; duplicate quads are one. Raises Malformed, and names the line."""
    if len(text) > MAX_BYTES:
        raise Malformed("the dataset is too large")
    quads: dict[Quad, None] = {}
    for number, line in enumerate(text.splitlines() if "\r" in text else text.split("\n"), 1):
        stripped = line.strip(" \t")
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if not found:
            raise Malformed(f"line {number} is not an N-Quad")
        s_iri, s_blank, p_iri, o_iri, o_blank, o_text, o_type, o_language, g_iri, g_blank = found.groups()
        if o_text is not None:
            datatype = None if o_type is None else _unescape(o_type)
            o = literal(_unescape(o_text), datatype=datatype, language=o_language)
        else:
            o = _node(o_iri, o_blank)
        graph = "" if g_iri is None and g_blank is None else _node(g_iri, g_blank)
        quads[_node(s_iri, s_blank), f"<{_unescape(p_iri)}>", o, graph] = None
    return list(quads)


def write_quad(quad: Quad) -> str:
    """Return one line of canonical N-Quads, with its newline."""
    subject, predicate, object_, graph = quad
    return f"{subject} {predicate} {object_} {graph} .\n" if graph else f"{subject} {predicate} {object_} .\n"


def write_nquads(quads: Iterable[Quad]) -> str:
    """Return sorted canonical N-Quads. Sorting is by code point."""
    return "".join(sorted(map(write_quad, quads)))


def _node(iri: str | None, blank: str | None) -> str:
    return f"<{_unescape(iri)}>" if iri is not None else f"_:{blank}"


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_unescaped, text)


def _unescaped(found: re.Match[str]) -> str:
    short, long, letter = found.groups()
    if letter is not None:
        return _SHORT[letter]
    code = int(short or long, 16)
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise Malformed("an escape names no character")
    return chr(code)
