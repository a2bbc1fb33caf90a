"""RFC 9901: the issuing cases of the specification and of its reference implementation, as round trips."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from credentials import sd_jwt
from credentials.claims import ClaimPath, resolve
from credentials.formats.sd_jwt_vc_check import bound_key
from did.keys import PrivateKey
from did.signing import LocalSigner
from tests.paths import VECTORS

FOLDERS = ("issue-cases", "rfc-issue-cases")
CASES = sorted(
    path for folder in FOLDERS for path in (VECTORS / "sd-jwt" / folder).glob("*.yml") if path.stem != "settings"
)
NOW = datetime.fromtimestamp(1683000010, UTC)


class _Marked:
    """A node under `!sd`: it becomes selectively disclosable."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Marked) and other.value == self.value


class _Loader(yaml.SafeLoader):
    """Reads the tag `!sd` on keys and items."""


def _construct(loader: _Loader, node: yaml.Node) -> _Marked:
    if isinstance(node, yaml.MappingNode):
        return _Marked(loader.construct_mapping(node, deep=True))
    if isinstance(node, yaml.SequenceNode):
        return _Marked(loader.construct_sequence(node, deep=True))
    assert isinstance(node, yaml.ScalarNode)
    quoted = node.style in ("'", '"')
    return _Marked(node.value if quoted else yaml.safe_load(node.value))


_Loader.add_constructor("!sd", _construct)


def _plain(node: Any, path: tuple[str | int, ...], marked: list[ClaimPath]) -> Any:
    """Return a node without marks, and note the path of each."""
    if isinstance(node, _Marked):
        marked.append(path)
        node = node.value
    if isinstance(node, dict):
        members: dict[str, Any] = {}
        for key, value in node.items():
            name = key.value if isinstance(key, _Marked) else key
            if isinstance(key, _Marked):
                marked.append((*path, name))
            members[name] = _plain(value, (*path, name), marked)
        return members
    if isinstance(node, list):
        return [_plain(item, (*path, at), marked) for at, item in enumerate(node)]
    return node


def _disclosed(wish: Any, path: tuple[str | int, ...]) -> Iterator[ClaimPath]:
    """Yield the paths that the reference format's `holder_disclosed_claims` asks for."""
    if wish is True:
        yield path
    elif isinstance(wish, dict):
        for name, below in wish.items():
            yield from _disclosed(below, (*path, name))
    elif isinstance(wish, list):
        for at, below in enumerate(wish):
            yield from _disclosed(below, (*path, at))


def _settings(folder: str) -> dict[str, Any]:
    settings: dict[str, Any] = yaml.safe_load((VECTORS / "sd-jwt" / folder / "settings.yml").read_text("utf-8"))
    return settings


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_issue_present_verify(path: Any) -> None:
    case = yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506 (a SafeLoader with one more tag)
    settings = _settings(path.parent.name)
    issuer = LocalSigner(PrivateKey.from_jwk(settings["key_settings"]["issuer_keys"][0]))
    holder = LocalSigner(PrivateKey.from_jwk(settings["key_settings"]["holder_key"]))
    marked: list[ClaimPath] = []
    claims = _plain(case["user_claims"], (), marked)
    payload = {"iss": settings["identifiers"]["issuer"], "iat": settings["iat"], "exp": settings["exp"], **claims}
    if case.get("key_binding"):
        payload["cnf"] = {"jwk": holder.public_key.to_jwk()}
    header = dict(case.get("extra_header_parameters") or {})
    header.pop("typ", None)  # the kind of token is the caller's argument here
    issued = sd_jwt.issue(
        payload,
        disclosable=marked,
        signer=issuer,
        typ="example+sd-jwt",
        header=header,
        decoys=2 if case.get("add_decoy_claims") else 0,
    )
    whole = sd_jwt.verify_sd_jwt(issued, key=issuer.public_key, typ="example+sd-jwt", now=NOW)
    assert {name: whole.claims[name] for name in claims} == claims
    assert len(whole.disclosed) == len(marked)
    for name, value in header.items():
        assert sd_jwt.parse_sd_jwt(issued).jws.header[name] == value

    wish = case.get("holder_disclosed_claims") or {}
    wanted = [want for want in _disclosed(wish, ()) if list(resolve(want, payload))]
    presentation = sd_jwt.present(issued, disclose=wanted)
    if case.get("key_binding"):
        presentation = sd_jwt.bind(
            presentation,
            signer=holder,
            audience=settings["identifiers"]["verifier"],
            nonce=settings["key_binding_nonce"],
            iat=NOW,
        )
    shown = sd_jwt.verify_sd_jwt(presentation, key=issuer.public_key, typ="example+sd-jwt", now=NOW)
    if "expect_verified_user_claims" in case:
        technical = ("iss", "iat", "exp", "cnf")
        result = {name: value for name, value in shown.claims.items() if name not in technical}
        expected = dict(case["expect_verified_user_claims"])
        assert result == {name: value for name, value in expected.items() if name not in technical}
    if case.get("key_binding"):
        parsed = sd_jwt.parse_sd_jwt(presentation)
        sd_jwt.verify_key_binding(
            parsed,
            holder_key=bound_key(parsed.jws.unverified_claims()),
            audience=settings["identifiers"]["verifier"],
            nonce=settings["key_binding_nonce"],
            now=NOW,
        )


def test_there_are_cases() -> None:
    if not (VECTORS / "sd-jwt").exists():
        pytest.skip("vectors absent: sd-jwt (expected beside the checkout)")
    assert len(CASES) >= 18
