"""The README is true: its commands print what it shows, its Python gives what it says."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONSOLES = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
SNIPPETS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
SHELLS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with the seeds in it, where the README's commands are run in order."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "seeds", folder / "seeds")
    return folder


def run(line: str, folder: Path) -> str:
    """Run one `dedup ...` line with a POSIX shell and give what it prints, as the README shows it."""
    script = line.replace("dedup ", f"{sys.executable} -m dedup ", 1)
    env = os.environ | {"COLUMNS": "100", "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    ran = subprocess.run(
        ["sh", "-c", script], cwd=folder, env=env, capture_output=True, encoding="utf-8", check=True, timeout=120
    )
    return "\n".join(row.rstrip() for row in ran.stdout.splitlines()).strip("\n")


def test_commands_print_what_is_shown(folder: Path) -> None:
    """Each `$ command` of the README, run over the seeds, prints exactly the lines under it."""
    assert CONSOLES
    for block in CONSOLES:
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, expected = shown.partition("\n")
            assert run(command, folder) == expected.strip("\n"), command


def test_python_gives_what_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The snippets run one after the other; a line that ends in `# -> value` has that value."""
    monkeypatch.chdir(folder)
    assert SNIPPETS
    names: dict[str, object] = {}
    for snippet in SNIPPETS:
        statements: list[str] = []
        for line in snippet.splitlines():
            expression, arrow, value = line.partition("# -> ")
            if not arrow:
                statements.append(line)
                continue
            exec("\n".join(statements), names)
            statements = []
            assert repr(eval(expression, names)) == value.strip(), expression
        exec("\n".join(statements), names)


def test_two_lines_do_everything() -> None:
    """One line installs and cleans the seeds, one installs and tests, both from a bare checkout."""
    assert [line.split(" && ")[0] for line in SHELLS] == ["python3 -m venv .venv"] * 2
    assert [line.strip().rpartition(" && ")[2] for line in SHELLS] == [
        ".venv/bin/dedup clean seeds/ out/",
        ".venv/bin/python -m pytest",
    ]


def test_links_lead_somewhere() -> None:
    """Every file that the README links to is there."""
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []
