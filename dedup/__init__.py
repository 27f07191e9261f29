"""dedup: repeated and boilerplate text taken out of documents, each removal proved."""
