"""Quality of what `dedup clean` removes, over labelled data that is not part of the project."""
