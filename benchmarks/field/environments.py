"""Virtual environments of the tools: made with venv and pip, used again as long as what they need stays the same."""

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measurements import BenchmarkError

_MOST_SECONDS = 1800.0


class InstallError(BenchmarkError):
    """A tool that does not install; the message has pip's reason."""


def make_environment(folder: Path, requirements: Sequence[str]) -> Path:
    """Make a virtual environment with these packages, unless it is there already; give its Python.

    Raises InstallError if pip cannot install them, and leaves nothing.
    """
    python, done = folder / "bin" / "python", folder / "requirements.txt"
    wanted = "".join(f"{requirement}\n" for requirement in requirements)
    if done.is_file() and done.read_text(encoding="utf-8") == wanted:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        _run([sys.executable, "-m", "venv", str(folder)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements])
    except InstallError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    done.write_text(wanted, encoding="utf-8")
    return python


def installed_versions(python: Path, requirements: Sequence[str]) -> dict[str, str]:
    """Give the versions of these packages in an environment, and of its Python."""
    names = [requirement.partition("==")[0].partition("[")[0] for requirement in requirements]
    code = (
        "import json, platform, sys\n"
        "from importlib.metadata import version\n"
        "names = sys.argv[1:]\n"
        "print(json.dumps({**{name: version(name) for name in names}, 'python': platform.python_version()}))"
    )
    versions: dict[str, str] = json.loads(_run([str(python), "-c", code, *names]))
    return versions


def reason_of(message: str) -> str:
    """Give the line of a command's messages that says what went wrong: the last error, else the last line."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith("error")]
    return (errors or lines or ["no message"])[-1][:300]


def _run(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_MOST_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise InstallError(f"not installed within {_MOST_SECONDS:.0f} seconds") from None
    if done.returncode:
        raise InstallError(reason_of(done.stderr))
    return done.stdout
