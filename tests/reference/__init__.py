"""The definitions in plain Python, obvious rather than fast; nothing here imports dedup."""
