"""Where bytes come from: a file, standard input, a member of an archive, or an address."""
