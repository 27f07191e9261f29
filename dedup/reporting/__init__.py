"""What a run tells people: figures (report), one document explained (explanation), and both in a terminal.

Nothing here prints: `terminal` gives renderables and `cli` alone shows them.
"""
