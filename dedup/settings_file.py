"""Settings read from a TOML file: the same names as in Python."""

import tomllib
from pathlib import Path
from typing import Any

from dedup.errors import SettingsError
from dedup.settings import Settings


def read_settings(path: str | Path, settings: Settings | None = None) -> Settings:
    """Give `settings` (the defaults if None) with what the file says put over them.

    Raises SettingsError, naming the file, if it is missing, unreadable or not TOML, if it
    holds a name that is no setting, or a value that cannot be used.
    """
    path = Path(path)
    return (settings or Settings()).with_changes(_read_toml(path), where=str(path))


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SettingsError(f"no settings file {str(path)!r}; leave --config out to use the defaults") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text at byte {error.start}; a settings file is TOML") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
