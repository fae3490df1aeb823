"""A journey as nested dicts of raw texts, written out as YAML."""

import re

_PLAIN = re.compile(r"[A-Za-z0-9_+.-][A-Za-z0-9_+. %-]*")
WIDTH = 110


def to_yaml(raw):
    """Return the YAML text of a journey: what fits on a line stands in brackets."""
    return "\n".join(line for key, value in raw.items() for line in _lines(key, value, "", bool(value))) + "\n"


def _lines(key, value, indent, block=False):
    line = f"{indent}{_scalar(key)}: {_flow(value)}"
    if not isinstance(value, dict) or not value or (len(line) <= WIDTH and not (block and indent == "")):
        return [line]
    inner_lines = [line for name, inner in value.items() for line in _lines(name, inner, indent + "  ")]
    return [f"{indent}{_scalar(key)}:", *inner_lines]


def _flow(value):
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return _scalar(value)


def _scalar(text):
    text = str(text)
    if _PLAIN.fullmatch(text) and not text.startswith(("- ", ". ")) and not text.endswith(" "):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
