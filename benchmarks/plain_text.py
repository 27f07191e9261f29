"""Plain text of manual pages: HTML and roff in, one paragraph a line out.

Deliberately simple and deterministic: page furniture (navigation, footers) stays
in, since recurring furniture is part of what a real corpus holds.
"""

import re
from typing import Any, Final

SKIPPED_TAGS: Final = frozenset({"script", "style", "head", "noscript", "template", "svg", "math", "object"})
_INLINE: Final = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark "
    "q s samp small span strike strong sub sup time tt u var wbr"
)
INLINE_TAGS: Final = frozenset(_INLINE.split())
"""Every tag that is neither of these nor a table cell breaks the line."""

CELL_TAGS: Final = frozenset({"td", "th"})

_SPACE: Final = re.compile(r"\s+")

# ---- roff: requests that end a paragraph, and those whose arguments are text
_BREAKING: Final = "TH SH SS Sh Ss PP P LP TP TQ IP HP br sp Pp It Bl El Bd Ed RS RE nf fi EX EE TS TE UR UE in ce"
_ROFF_BREAKS: Final = frozenset(_BREAKING.split())
_WITH_TEXT: Final = "B I R BR BI IB IR RB RI SM SB SH SS IP Nm Fl Ar Op Sh Ss It Xr Em Dq Sq Fn Ft Fa"
_ROFF_TEXT: Final = frozenset(_WITH_TEXT.split())
_ROFF_NAMED: Final = {
    "em": "—",
    "en": "–",
    "lq": "“",
    "rq": "”",
    "oq": "‘",
    "cq": "’",
    "aq": "'",
    "dq": '"',
    "bu": "•",
    "co": "©",
    "ha": "^",
    "ti": "~",
    "rs": "\\",
    "mc": "µ",
    "->": "→",
    "<=": "≤",
    ">=": "≥",
}
_ROFF_ESCAPE: Final = re.compile(
    r"\\(?:f(?:\(..|\[[^\]]*\]|.)|s[-+]?\d+|\*?\((?P<two>..)|\*?\[(?P<long>[^\]]*)\]|[mF]\[[^\]]*\]"
    r'|[hvw]\'[^\']*\'|".*|(?P<one>.))'
)
_ROFF_ARGUMENT: Final = re.compile(r'"([^"]*)"?|(\S+)')


def text_of_html(page: bytes) -> str:
    """Give the text of an HTML page: one block element, table row or line of code a line, white space collapsed."""
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    try:
        root = html.document_fromstring(page, parser=parser)
    except (etree.ParserError, ValueError):
        return ""
    pieces: list[str] = []
    # the stack holds elements to open, and the strings that follow when one closes
    stack: list[Any] = [(root, False)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        element, is_code = item
        tag = element.tag
        if tag in SKIPPED_TAGS or not isinstance(tag, str):
            continue
        is_code = is_code or tag == "pre"
        edge = "" if tag in INLINE_TAGS else " " if tag in CELL_TAGS else "\n"
        pieces.append(edge)
        if element.text:
            pieces.append(element.text if is_code else _SPACE.sub(" ", element.text))
        if edge:
            stack.append(edge)
        for child in reversed(element):
            if child.tail:
                stack.append(child.tail if is_code else _SPACE.sub(" ", child.tail))
            stack.append((child, is_code))
    return _lines_of("".join(pieces))


def text_of_roff(page: str) -> str:
    """Give the text of a manual page in roff: one paragraph, heading or line of an example a line.

    Pages that only point to another one (`.so`) give nothing.
    """
    pieces: list[str] = []
    is_example = False
    for line in page.splitlines():
        if line.startswith((".", "'")):
            request, _, rest = line[1:].strip().partition(" ")
            if request == "so":
                return ""
            if request in ("nf", "EX", "TS"):
                is_example = True
            elif request in ("fi", "EE", "TE"):
                is_example = False
            if request in _ROFF_BREAKS:
                pieces.append("\n")
            if request in _ROFF_TEXT:
                # .BR and its like set their arguments without space, alternating fonts
                joint = "" if len(request) == 2 and request.isupper() and request not in ("SH", "SS", "IP") else " "
                words = [quoted or plain for quoted, plain in _ROFF_ARGUMENT.findall(rest)]
                pieces.append(_unescaped(joint.join(words[:1] if request == "IP" else words)) + " ")
            if request in ("SH", "SS", "Sh", "Ss", "IP") or (is_example and request in _ROFF_TEXT):
                pieces.append("\n")
        elif line.strip():
            pieces.append(_unescaped(line) + ("\n" if is_example else " "))
        else:
            pieces.append("\n")
    return _lines_of("".join(pieces))


def _unescaped(line: str) -> str:
    return _ROFF_ESCAPE.sub(_escape_text, line)


def _escape_text(match: re.Match[str]) -> str:
    name = match["two"] or match["long"]
    if name:
        return _ROFF_NAMED.get(name, "")
    one = match["one"] or ""
    return {"-": "-", "e": "\\", "(": "", "&": "", "|": "", "/": "", ",": "", "c": "", "~": " ", "0": " "}.get(one, one)


def _lines_of(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "".join(line + "\n" for line in lines if line)
