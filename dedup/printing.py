"""What commands put on standard output: JSON for machines, tables and coloured text for people."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


def print_json(text: str) -> None:
    """Print JSON, which is UTF-8 whatever the terminal speaks."""
    sys.stdout.buffer.write(text.encode())


def make_console() -> "Console":
    """Give what knows the terminal: its width and colours."""
    from rich.console import Console

    # no highlighting: a number in someone's text is not ours to colour
    return Console(highlight=False, markup=False, emoji=False)


def show(renderable: "RenderableType", console: "Console | None" = None) -> None:
    """Print something for people."""
    console = console or make_console()
    # captured, because rich answers a closed pipe by an exit of its own, with the code of a bug
    with console.capture() as captured:
        # soft_wrap: the terminal breaks long lines itself, so that copied text stays as it was
        console.print(renderable, soft_wrap=True)
    sys.stdout.write(captured.get())
