"""The wallet's HTTP edge: sends what credentials/openid built, returns bytes for it to parse.

https only (http to loopback names for a development wallet), guarded addresses (guard.py), no
cookies, no proxies, no compression, no redirects but where a standard allows them, limits on size
and time. Nothing here says who the wallet is: the same few headers on every request (T64).
"""

import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urljoin, urlsplit

import httpcore2
import httpx2

from credentials.errors import ProtocolError, TooLarge
from credentials.openid.links import check_url
from credentials.openid.oauth import FORM, parse_error
from did.encoding import json_object
from did.errors import FetchFailed, IdError
from did.methods.base import Fetched
from wallet_cli.errors import HINTS, Unavailable, WalletError
from wallet_cli.guard import GuardedNetwork
from wallet_cli.text import clean

TIMEOUT_SECONDS = 5.0
MAX_BODY = 1 << 20
MAX_REDIRECTS = 3
JSON = "application/json"
_HEADERS = {"User-Agent": "openresidency-wallet", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said: status, headers (names in lower case), body."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300


class _Network(httpx2.BaseTransport):
    """The real network behind the same face as a test's transport."""

    def __init__(self, *, dev: bool, home_hosts: Collection[str], ca_pems: Collection[str], seconds: float) -> None:
        self._seconds = seconds
        self._guard = GuardedNetwork(dev=dev, home_hosts=home_hosts)
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for pem in ca_pems:
            context.load_verify_locations(cadata=pem)
        self._pool = httpcore2.ConnectionPool(ssl_context=context, network_backend=self._guard, http2=False)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send one request; its body is read by the caller, under one deadline."""
        self._guard.start(self._seconds)
        url = request.url
        answer = self._pool.handle_request(
            httpcore2.Request(
                method=request.method,
                url=httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
                content=request.content,
            )
        )
        return httpx2.Response(status_code=answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        """Close every connection."""
        self._pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, answer: httpcore2.Response) -> None:
        self._answer = answer

    def __iter__(self):  # type: ignore[no-untyped-def]  # the base class leaves it so
        yield from self._answer.iter_stream()

    def close(self) -> None:
        """Close every connection."""
        self._answer.close()


class Client:
    """See the module. `home_origins` are the base URLs of the services this wallet was made for.

    `seconds` is what a whole exchange may take.
    """

    def __init__(
        self,
        *,
        dev: bool,
        home_origins: Collection[str],
        ca_pems: Collection[str] = (),
        transport: httpx2.BaseTransport | None = None,
        seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._dev = dev
        self._seconds = seconds
        home_hosts = {urlsplit(url).hostname or "" for url in home_origins}
        self._transport = transport or _Network(dev=dev, home_hosts=home_hosts, ca_pems=ca_pems, seconds=seconds)

    def __enter__(self) -> "Client":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._transport.close()

    def get(
        self,
        url: str,
        *,
        accept: str,
        max_bytes: int = MAX_BODY,
        headers: Mapping[str, str] | None = None,
        redirects: int = 0,
    ) -> Answer:
        """GET `url`. `redirects` > 0 only where a standard allows them; each hop is checked like the first."""
        answer = self._send("GET", url, accept=accept, headers=headers or {}, max_bytes=max_bytes)
        for _ in range(redirects):
            if answer.status not in (301, 302, 303, 307, 308) or "location" not in answer.headers:
                break
            target = urljoin(answer.url, answer.headers["location"])
            answer = self._send("GET", target, accept=accept, headers=headers or {}, max_bytes=max_bytes)
        return answer

    def post(
        self,
        url: str,
        body: bytes,
        *,
        content_type: str,
        accept: str = JSON,
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BODY,
    ) -> Answer:
        """POST `body` to `url`; never redirected."""
        sent = {**(headers or {}), "Content-Type": content_type}
        return self._send("POST", url, accept=accept, headers=sent, max_bytes=max_bytes, body=body)

    def post_form(self, url: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> Answer:
        """POST a form body that `build_form` made."""
        return self.post(url, body, content_type=FORM, headers=headers)

    def fetch(self, url: str, *, accept: str, max_bytes: int) -> Fetched:
        """One guarded GET for the libraries (`did.methods.base.Fetch`). Raises FetchFailed."""
        try:
            answer = self.get(url, accept=accept, max_bytes=max_bytes, redirects=MAX_REDIRECTS)
        except (Unavailable, WalletError, TooLarge, ProtocolError) as exc:
            raise FetchFailed(str(exc), hint=exc.hint) from exc
        return Fetched(answer.status, answer.headers.get("content-type", ""), answer.body)

    def _send(
        self, method: str, url: str, *, accept: str, headers: Mapping[str, str], max_bytes: int, body: bytes = b""
    ) -> Answer:
        check_url(url, what="an address in this message", dev=self._dev)
        host = urlsplit(url).hostname or ""
        request = httpx2.Request(method, url, headers={**_HEADERS, "Accept": accept, **headers}, content=body or None)
        try:
            response = self._transport.handle_request(request)
            try:
                content = _read(response, max_bytes, host)
            finally:
                response.close()
        except (httpcore2.TimeoutException, httpx2.TimeoutException) as exc:
            raise Unavailable(
                f"The server {clean(host)} did not answer within {self._seconds:.0f} seconds.",
                why="It may be down or slow.  What was stored stays as it was.",
                hint="try again in a minute",
            ) from exc
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpx2.TransportError, ssl.SSLError) as exc:
            raise Unavailable(
                f"The server {clean(host)} cannot be reached.",
                why="No safe connection could be made.  What was stored stays as it was.",
                hint="check your connection and try again",
            ) from exc
        answer_headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(url=url, status=response.status_code, headers=answer_headers, body=content)


def _read(response: httpx2.Response, max_bytes: int, host: str) -> bytes:
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise WalletError(f"{clean(host)} sent a compressed answer that was not asked for.")
    chunks, size = [], 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > max_bytes:
            raise TooLarge(f"the answer of {clean(host)} is larger than {max_bytes} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


def need_json(answer: Answer) -> bytes:
    """Return the body of a good JSON answer. Raises the error that the server told, or Unavailable."""
    if not answer.ok:
        raise server_error(answer)
    if answer.media_type != JSON:
        raise WalletError(
            f"{clean(urlsplit(answer.url).hostname)} answered with {clean(answer.media_type) or 'no'} content"
            " instead of JSON.",
            hint="tell the office that runs it",
        )
    return answer.body


def server_error(answer: Answer) -> IdError:
    """Return what a failed answer says, as an error to raise: a house problem, an OAuth error, or neither."""
    host = clean(urlsplit(answer.url).hostname)
    if answer.media_type == "application/problem+json":
        return _problem(answer, host)
    if answer.status >= 500 or answer.status == 429:
        code = "rate_limited" if answer.status == 429 else "unavailable"
        wait = answer.headers.get("retry-after", "")
        return WalletError(
            f"{host} cannot do this now (HTTP {answer.status}).",
            why="What was stored stays as it was.",
            hint=f"try again in {wait} seconds" if wait.isdigit() and len(wait) < 6 else "try again in a minute",
            code=code,
        )
    if answer.media_type == JSON:
        return parse_error(answer.body)
    return WalletError(
        f"{host} refused this (HTTP {answer.status}).",
        code="not_found" if answer.status == 404 else "malformed",
        hint="check the link, or ask for a new one",
    )


def _problem(answer: Answer, host: str) -> WalletError:
    try:
        body = json_object(answer.body)
    except IdError:
        return WalletError(f"{host} refused this (HTTP {answer.status}).")
    told = body.get("code")
    code = told if isinstance(told, str) and told.replace("_", "").isalpha() and len(told) < 40 else "malformed"
    error = WalletError(
        clean(body.get("detail") or body.get("title") or f"{host} refused this"),
        hint=HINTS.get(code) or clean(body.get("hint") or ""),  # the server's hint is for whoever calls it
        code=code,
    )
    if isinstance(body.get("id"), str):
        error.correlation_id = clean(body["id"], limit=40)
    return error
