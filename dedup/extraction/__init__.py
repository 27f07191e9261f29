"""HTML pages to text and metadata: extractors, and the guarded processes that they run in."""
