from pathlib import Path

import pytest

from idservice.problems import Refused
from idservice.settings import Options, Settings, read_options


def test_every_option_works_when_absent(tmp_path: Path) -> None:
    assert read_options(tmp_path, {}) == Options()


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('log_level = "ERROR"\nissuing_country = "EE"\n')
    options = read_options(
        tmp_path, {"IDSERVICE_LOG_LEVEL": "DEBUG", "IDSERVICE_TRUSTED_PROXIES": "10.0.0.1, 10.0.0.2"}
    )
    assert (options.log_level, options.issuing_country) == ("DEBUG", "EE")
    assert options.trusted_proxies == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize(
    "line", ["unknown = 1", 'base_url = "https://evil.example"', "dev = true", 'issuing_country = "Estonia"', "="]
)
def test_unknown_and_wrong_settings_stop_the_start(tmp_path: Path, line: str) -> None:
    (tmp_path / "config.toml").write_text(line + "\n")
    with pytest.raises(Refused) as refused:
        read_options(tmp_path, {})
    assert refused.value.code == "malformed"


def test_no_variable_turns_dev_on(tmp_path: Path) -> None:
    assert read_options(tmp_path, {"IDSERVICE_DEV": "1", "IDSERVICE_BASE_URL": "http://x"}) == Options()


def test_a_wrong_value_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_options(tmp_path, {"IDSERVICE_FLOOD_BURST": "hunter2"})
    assert "flood_burst" in refused.value.detail
    assert "hunter2" not in refused.value.detail


def test_T79_secrets_do_not_print() -> None:
    made = Settings(
        **Options.model_validate(
            {"master_secret": "hunter2", "database_url": "postgresql://u:hunter3@h/d"}
        ).model_dump(),
        data=Path("x"),
        base_url="https://a.example",
        staff_url="https://b.example",
    )
    assert "hunter" not in repr(made)
    assert made.database == "postgresql://u:hunter3@h/d"
