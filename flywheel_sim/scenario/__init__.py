"""The journey file: read, merged, checked and resolved; the only room that knows how it is written."""
