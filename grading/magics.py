"""A notebook's cell as plain Python: what only IPython understands is taken out, and nothing else.

A line goes only where Python stumbles over it: `50 % 3` may go on in a line that begins with %, and
a comment may end in a question mark.
"""
import ast
import re

TRANSPARENT = ("time", "capture", "prun")  # the rest of their cell runs as it is
MOST_LINES, MOST_READ = 300, 4 << 20  # that are taken out of a cell; characters read for that
UNREADABLE = (SyntaxError, ValueError, RecursionError, MemoryError)
MAGIC = re.compile(r"\s*[%!?]|[^#]*\?\s*$")
ASSIGNED = re.compile(r"(\s*[\w.,\s]+=)\s*[%!]")
TIMED = re.compile(r"(\s*)%time\s+(?=[^-\s])")  # the statement behind it is run, and assigns
FILE = re.compile(r"%%(?:write)?file\s+(\w+\.py)\s*$")  # of helpers, which a cell may import
PROMPT = re.compile(r"(?m)^(>>>|\.\.\.)( |$)")


def parses(text):
    """Tell whether a text is Python."""
    try:
        ast.parse(text)
    except UNREADABLE:
        return False
    return True


def without_magics(source):
    """Return a cell as Python: the same text if it is that already, nothing if it is none."""
    if parses(source):
        return source
    lines = source.splitlines()
    for k, line in enumerate(lines):
        if line.startswith("%%"):
            if found := FILE.match(line):
                return f"open({found[1]!r}, 'w').write({chr(10).join(lines[k + 1:])!r})"
            if line[2:].partition(" ")[0].strip() not in TRANSPARENT:
                return ""
            lines[k] = ""
        elif line.strip():
            break
    return _by_and_by(_to_the_margin(lines))


def _to_the_margin(lines):
    """Take away what IPython, too, takes away from all lines: the first one's indent, prompts."""
    first = next((line for line in lines if line.strip()), "")
    indent = first[:len(first) - len(first.lstrip())]
    lines = [line.removeprefix(indent) for line in lines]
    return [PROMPT.sub("", line) for line in lines] if first.lstrip()[:3] == ">>>" else lines


def _by_and_by(lines):
    """Replace line after line at which Python stumbles, as long as they are IPython's."""
    for _ in range(min(MOST_LINES, MOST_READ // (1 + sum(map(len, lines))))):
        try:
            ast.parse("\n".join(lines))
        except SyntaxError as error:
            k = (error.lineno or 0) - 1
            if not 0 <= k < len(lines) or (other := _replaced(lines[k])) is None:
                break
            lines[k] = other
        except UNREADABLE:
            break
        else:
            break
    return "\n".join(lines)


def _replaced(line):
    """Return what stands for a line of IPython's, or None if it is not one."""
    if found := TIMED.match(line):
        return found[1] + line[found.end():]
    if found := ASSIGNED.match(line):
        return found[1] + " None"
    if MAGIC.match(line):
        return line[:len(line) - len(line.lstrip())] + "pass"
    return None
