"""The journey file: loaded, changed, described; the only room that knows how it is written."""
