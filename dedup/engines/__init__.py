"""Where the stages run. A new engine is one new file here; its output equals that of `local`, byte for byte."""
