"""Settings: what an operator may set from outside, and what `init` sealed for good.

`IDSERVICE_<NAME>` in the environment comes first, then `DIR/config.toml`, then the default. Base URL, staff URL and
the dev switch are no settings of this kind: they are sealed at `init` and cannot be changed by a variable.
"""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_origin

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from idservice.problems import Refused

PREFIX = "IDSERVICE_"
CONFIG_FILE = "config.toml"


class Options(BaseModel):
    """What may come from the environment or `config.toml`. Every field works when absent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    database_url: SecretStr | None = None
    """SQLAlchemy URL; without it SQLite in the data folder."""
    master_secret: SecretStr | None = None
    """Secret that unseals the keys; better given by file."""
    master_secret_file: Path | None = None
    """File (0600) with that secret; without it `master.secret` in the data folder."""
    types_folder: Path | None = None
    """More credential type files; without it `types` in the data folder, where it exists."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    flood_per_second: Annotated[int, Field(ge=1)] = 500
    """Requests a second from one source that each worker takes on average."""
    flood_burst: Annotated[int, Field(ge=1)] = 5000
    """Requests from one source that each worker takes at once."""
    body_seconds: Annotated[float, Field(gt=0)] = 15.0
    """How long a request body may take to arrive."""
    issuing_authority: str = "OpenResidency"
    """Claim `issuing_authority` of the credentials made here."""
    issuing_country: Annotated[str, Field(pattern="^[A-Z]{2}$")] = "XX"
    """Claim `issuing_country`: two letters; `XX` is nobody's."""
    signers: Mapping[str, str] = Field(default_factory=dict)
    """Where a purpose's key lives, when not in its file: purpose -> URI. Only in `config.toml`."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


class Settings(Options):
    """Everything a room may ask: the options, and what was sealed at `init`."""

    data: Path
    """The data folder."""
    base_url: str
    """Public base URL, without a slash at its end: credential issuer, `vct` and DIDs are made from it."""
    staff_url: str
    """Base URL of the staff listener."""
    dev: bool = False
    """Plain http and loopback are accepted, terms are short. Sealed: no variable turns it on."""

    @property
    def database(self) -> str:
        """The SQLAlchemy URL in force."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data / 'idservice.db'}"


def read_options(data: Path, environment: Mapping[str, str] | None = None) -> Options:
    """Return the options of the environment and of `config.toml` in the data folder.

    Raises Refused (`malformed`) and names the setting that is unknown or wrong, never its value.
    """
    environment = os.environ if environment is None else environment
    values = _from_file(data / CONFIG_FILE)
    for name, field in Options.model_fields.items():
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            is_list = get_origin(field.annotation) is tuple
            values[name] = [part.strip() for part in text.split(",") if part.strip()] if is_list else text
    try:
        return Options.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise Refused("malformed", f"settings are not usable: {wrong}", hint="Correct the named settings.") from None


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused("malformed", f"{path.name} is not TOML: {error}", hint=f"Correct {path.name}.") from error
