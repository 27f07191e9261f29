"""A page, and what extraction makes of it: plain values that pass between processes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """An HTML page as it came."""

    html: bytes
    url: str | None = None  # where it came from, if the source says
    charset: str | None = None  # declared outside the page: by the server, or in the file name


@dataclass(frozen=True, slots=True)
class Extracted:
    """The text of a page and what it says of itself; None where it says nothing."""

    text: str
    extractor: str | None  # which one made the text; None for a page in which there is none
    encoding: str  # Python's name of what the page was decoded from
    n_replaced: int  # characters that could not be decoded
    title: str | None = None
    author: str | None = None  # several: separated by "; "
    date: str | None = None  # of publication, YYYY-MM-DD
    site_name: str | None = None
    url: str | None = None  # the page's own word for its address, else Page.url
    language: str | None = None  # ISO 639-1, lower case


METADATA = ("title", "author", "date", "site_name", "url", "language", "extractor")
"""What becomes a column of the documents, in order."""


class PageError(ValueError):
    """A page that cannot be extracted; `stage` is "decode" or "extract"."""

    def __init__(self, reason: str, stage: str = "extract") -> None:
        """Store both, so that the error can be pickled."""
        super().__init__(reason, stage)
        self.reason = reason
        self.stage = stage
