"""Settings read from a TOML file: the same names as in Python."""

import tomllib
from pathlib import Path
from typing import Any

from dedup.errors import SettingsError
from dedup.settings import Settings


def read_settings(path: str | Path, settings: Settings | None = None) -> Settings:
    """Give `settings` (the defaults if None) with what the file says put over them.

    Raises SettingsError, naming the file, if it is missing, unreadable or not TOML, if it
    holds a name that is no setting, or a value that cannot be used. Paths of rule files are seen from its folder.
    """
    path = Path(path)
    changes = _read_toml(path)
    if "rules" in changes:
        changes["rules"] = _beside(path, changes["rules"])
    return (settings or Settings()).with_changes(changes, where=str(path))


def _beside(path: Path, rules: Any) -> Any:
    """Give the paths of rule files seen from the folder of the settings file; what are no paths, as it is."""
    if isinstance(rules, list):
        return [_beside(path, rule) for rule in rules]
    return str(path.parent / rules) if isinstance(rules, str) and rules else rules


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(f"no settings file {str(path)!r}; leave --config out to use the defaults") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: not UTF-8 text at byte {error.start}; a settings file is TOML") from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror or error})") from None
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise SettingsError(f"{path}: not valid TOML: nested too deeply") from None
    except ValueError as error:  # TOMLDecodeError, and numbers of thousands of digits
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
