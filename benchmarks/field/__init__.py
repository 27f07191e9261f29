"""The comparison with other tools: same corpus, same truth, each tool in a process and an environment of its own."""
