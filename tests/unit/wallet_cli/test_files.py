"""The secrets and consent files, and the dev clock."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from did.errors import IdError, Malformed
from wallet_cli.clock import parse_offset, read_offset
from wallet_cli.errors import MissingInput, NotFound, WalletLocked
from wallet_cli.files import read_consent, read_secrets


def private(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_secrets_in_json_or_lines(tmp_path: Path) -> None:
    as_json = read_secrets(private(tmp_path / "a", '{"passphrase": "x y", "PIN1": "2580"}'))
    as_lines = read_secrets(private(tmp_path / "b", "# mine\npassphrase = x y\n\nPIN1=2580\n"))
    assert as_json.get("pin1") == as_lines.get("pin1") == "2580"
    assert as_json.get("passphrase") == as_lines.get("passphrase") == "x y"
    assert as_json.get("puk") is None
    assert "2580" not in repr(as_json)


@pytest.mark.parametrize("text", ["{", "[]", '{"pin1": 2580}', '{"pin3": "x"}', "pin1", "pin1=1\npin1=2", "\xff"])
def test_secrets_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    with pytest.raises(MissingInput):
        read_secrets(private(tmp_path / "a", text))


def test_secrets_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    path = private(tmp_path / "a", "pin1=2580")
    path.chmod(0o640)
    with pytest.raises(WalletLocked):
        read_secrets(path)
    link = tmp_path / "link"
    link.symlink_to(private(tmp_path / "b", "pin1=2580"))
    with pytest.raises(IdError):
        read_secrets(link)


def test_a_consent_allows_exactly_what_it_names(tmp_path: Path) -> None:
    body = {"verifier": "did:web:a", "purpose": "p", "claims": {"pid": ["name", ["address", "country"]]}}
    consent = read_consent(private(tmp_path / "c", json.dumps(body)))
    asked = {"pid": frozenset({("name",), ("address", "country")})}
    assert consent.allows(verifier="did:web:a", purposes=frozenset({"p", "q"}), claims=asked)
    assert not consent.allows(verifier="did:web:a", purposes=frozenset({"q"}), claims=asked)
    assert not consent.allows(verifier="did:web:a:b", purposes=frozenset({"p"}), claims=asked)
    assert not consent.allows(verifier="did:web:a", purposes=frozenset({"p"}), claims={"pid": frozenset({("name",)})})
    assert not consent.allows(verifier="did:web:a", purposes=frozenset({"p"}), claims={**asked, "other": frozenset()})


def test_a_consent_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read_consent(tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("P1D", timedelta(days=1)),
        ("-PT10M", timedelta(minutes=-10)),
        ("+P2W", timedelta(weeks=2)),
        ("P1DT2H3M4S\n", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_offsets(text: str, offset: timedelta) -> None:
    assert parse_offset(text) == offset


@pytest.mark.parametrize("text", ["", "P", "1D", "P1Y", "PT", "P1D; rm", "٣"])
def test_what_is_no_offset(text: str) -> None:
    with pytest.raises(Malformed):
        parse_offset(text)


def test_no_file_is_no_offset(tmp_path: Path) -> None:
    assert read_offset(str(tmp_path)) == timedelta()
    private(tmp_path / "clock-offset", "PT1H")
    assert read_offset(str(tmp_path)) == timedelta(hours=1)
