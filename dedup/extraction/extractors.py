"""Pages to text and metadata: the extractors, and which of them gets a page."""

from dedup.extraction.pages import Extracted, Page, PageError


def extract_page(page: Page, extractor: str, encoding: str | None, encoding_errors: str) -> Extracted:
    """Give the text of a page, one paragraph a line, and what the page says of itself.

    The same page gives the same answer in every process.
    Raises PageError for what cannot be decoded or is not a page.
    """
    if b"\0" in page.html[:1024]:
        raise PageError("not HTML: binary data")
    name = encoding or page.charset or "utf-8"
    try:
        html = page.html.decode(name, "replace")
    except LookupError:
        raise PageError(f"unknown encoding {name!r}", "decode") from None
    n_replaced = html.count("\ufffd")
    if n_replaced and encoding_errors == "reject":
        html = page.html.decode("cp1252", "replace")
        name, n_replaced = "cp1252", 0
    if extractor == "trafilatura":
        from trafilatura import bare_extraction

        found = bare_extraction(html, url=page.url, include_comments=False, deduplicate=False, with_metadata=True)
        if found is not None and not isinstance(found, dict) and found.text:
            return Extracted(
                found.text.strip(),
                "trafilatura",
                name,
                n_replaced,
                title=found.title,
                author=found.author,
                date=found.date,
                site_name=found.sitename,
                url=found.url or page.url,
                language=found.language,
            )
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(html, main_content=True, list_bullets=False, alt_texts=False).strip()
    return Extracted(text, "resiliparse" if text else None, name, n_replaced, url=page.url)
