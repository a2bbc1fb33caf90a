"""From the domain and path components of did:web and did:webvh to a place on the web (T39, T40).

did:web "Method-specific identifier"; did:webvh 1.0 "The DID to HTTPS Transformation". Every component
is percent-decoded exactly once and judged as decoded, so that no encoding hides an address, a slash or
a way upwards. Whether the host may be contacted is for the `Fetch` to decide (T98).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes, urlsplit

import idna

from did.errors import InvalidDid

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PORT = re.compile(r"[0-9]{1,5}")
_MAX_SEGMENTS = 32


@dataclass(frozen=True, slots=True)
class Location:
    """A checked place: `origin` such as `https://example.com:8443`, and encoded path segments."""

    origin: str
    segments: tuple[str, ...]

    def url(self, name: str, *, well_known: bool = True) -> str:
        """Return the URL of the file `name` there: under `/.well-known` if there is no path and `well_known`."""
        folders = self.segments or ((".well-known",) if well_known else ())
        return "/".join((self.origin, *folders, name))


def locate(domain: str, path: Sequence[str], *, allow_http_loopback: bool) -> Location:
    """Return the place that the raw components `domain` and `path` of a DID name; raises InvalidDid.

    Loopback names are refused unless `allow_http_loopback`, and are then reached by plain http (dev mode).
    """
    host, colon, port = _decoded(domain).partition(":")
    if colon and (not _PORT.fullmatch(port) or not 1 <= int(port) <= 65535 or port[0] == "0"):
        raise InvalidDid("port in the DID is not a number from 1 to 65535")
    host = _host(host)
    loopback = host == "localhost" or host.endswith(".localhost")
    if "." not in host and not loopback:
        raise InvalidDid("host in the DID is not a fully qualified domain name")
    if loopback and not allow_http_loopback:
        raise InvalidDid("host in the DID is a loopback name", hint="Loopback names work in dev mode only.")
    if len(path) > _MAX_SEGMENTS:
        raise InvalidDid(f"DID has more than {_MAX_SEGMENTS} path segments")
    scheme = "http" if loopback else "https"
    return Location(f"{scheme}://{host}{colon}{port}", tuple(_segment(part) for part in path))


def domain_component(base_url: str) -> tuple[str, tuple[str, ...]]:
    """Return the domain component and path components that name `base_url` in a DID; raises InvalidDid."""
    parts = urlsplit(base_url)
    try:
        port = parts.port
    except ValueError as exc:
        raise InvalidDid("base URL has a bad port") from exc
    if (
        parts.scheme not in ("https", "http")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise InvalidDid("base URL is not a plain http or https address")
    domain = parts.hostname + (f"%3A{port}" if port is not None else "")
    path = tuple(quote(unquote_to_bytes(part), safe="") for part in parts.path.strip("/").split("/") if part)
    location = locate(domain, path, allow_http_loopback=parts.scheme == "http")
    if not location.origin.startswith(parts.scheme + "://"):
        raise InvalidDid("base URL is plain http and not loopback")
    return domain, path


def _decoded(component: str) -> str:
    try:
        return unicodedata.normalize("NFC", unquote_to_bytes(component).decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise InvalidDid("percent-encoding in the DID is not UTF-8") from exc


def _host(host: str) -> str:
    if not host.isascii() or "xn--" in host.lower():
        try:
            host = idna.encode(host, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as exc:
            raise InvalidDid("host in the DID is not a valid international domain name") from exc
    host = host.lower()
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidDid("host in the DID is not a domain name")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        # URL parsers read any name that ends in a number as an IPv4 address.
        raise InvalidDid("host in the DID is an IP address")
    return host


def _segment(component: str) -> str:
    text = _decoded(component)
    if text in ("", ".", "..") or text != text.strip() or any(char in "/\\" or not char.isprintable() for char in text):
        raise InvalidDid("path segment in the DID is empty, points elsewhere or holds a forbidden character")
    return quote(text, safe="")
