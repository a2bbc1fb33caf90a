import pytest

from credentials.openid import links
from tests.unit.credentials.openid.support import refused


@pytest.mark.parametrize(
    "link",
    [
        "openid4vp://?client_id=x%3Ay&request_uri=https%3A%2F%2Fa",
        "openid4vp://authorize?client_id=x%3Ay&request_uri=https%3A%2F%2Fa",
        "openid4vp:?client_id=x%3Ay&request_uri=https%3A%2F%2Fa",
        "OPENID4VP://?client_id=x%3Ay&request_uri=https%3A%2F%2Fa",
        "https://wallet.example/open?client_id=x%3Ay&request_uri=https%3A%2F%2Fa",
    ],
)
def test_parameters(link: str) -> None:
    found = links.link_parameters(link, schemes=("openid4vp",))
    assert found == {"client_id": "x:y", "request_uri": "https://a"}


@pytest.mark.parametrize(
    "link",
    [
        "",
        "hello",
        "http://wallet.example/?a=1",
        "file:///etc/passwd?a=1",
        "javascript:alert(1)?a=1",
        "data:text/html,x?a=1",
        "openid4vp2://?a=1",
        "openid-credential-offer://?a=1",
        "openid4vp://?a=1&a=2",
        "openid4vp://?a=1#frag",
        "openid4vp://?a=\n1",
        "openid4vp://?a=1\x00",
        " openid4vp://?a=1",
        "open\tid4vp://?a=1",
        "openid4vp://?a=ä",
        "openid4vp://?a=`rm`",
        "openid4vp://[?a=1",
        "openid4vp://?a=%zz",
        "openid4vp://?a=" + "x" * 9000,
    ],
)
def test_T96_hostile_links(link: str) -> None:
    refused(lambda: links.link_parameters(link, schemes=("openid4vp",)), error="invalid_request")


@pytest.mark.parametrize(
    ("url", "dev"),
    [
        ("https://a.example/x?y=1", False),
        ("https://a.example:8443", False),
        ("http://localhost:8000/x", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://[::1]:8000/x", True),
    ],
)
def test_urls(url: str, dev: bool) -> None:
    assert links.check_url(url, what="it", dev=dev) == url


@pytest.mark.parametrize(
    ("url", "dev"),
    [
        ("http://a.example", False),
        ("http://a.example", True),
        ("http://localhost:8000/x", False),
        ("http://localhost.evil.example/", True),
        ("ftp://a.example", True),
        ("//a.example", False),
        ("a.example", False),
        ("https:///x", False),
        ("https://", False),
        ("https://user@a.example", False),
        ("https://user:pw@a.example", False),
        ("https://@a.example", False),
        ("https://a.example/#x", False),
        ("https://a.example/#", False),
        ("https://a.example:port/", False),
        ("https://a.example:99999/", False),
        ("https://a.example/ x", False),
        ("https://a.example/\\x", False),
        ("https://ä.example/", False),
        ("https://[a.example/", False),
        ("https://a.example/" + "x" * 3000, False),
        ("", False),
    ],
)
def test_T43_other_urls(url: str, dev: bool) -> None:
    refused(lambda: links.check_url(url, what="it", dev=dev), error="invalid_request")


def test_query_and_fragment_only_where_they_belong() -> None:
    refused(lambda: links.check_url("https://a.example/?x", what="it", query=False))
    refused(lambda: links.check_url("https://a.example?", what="it", query=False))
    assert links.check_url("https://a.example/#x", what="it", fragment=True)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://A.example/x?y", "https://a.example"),
        ("https://a.example:443/", "https://a.example"),
        ("https://a.example:8443/", "https://a.example:8443"),
        ("http://localhost:80/", "http://localhost"),
        ("http://[::1]:8000/", "http://[::1]:8000"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    assert links.origin(url) == origin
