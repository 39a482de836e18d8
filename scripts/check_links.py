#!/usr/bin/env python3
"""Checks that the relative links and the anchors of Markdown files exist.

usage: scripts/check_links.py [FILE ...]

Without files it checks every Markdown file that git knows. Headings get their anchors by GitHub's
rules: lower case, no punctuation, hyphens for spaces, and `-1` for the second heading of a name.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

FENCE = re.compile(r"^ {0,3}(```+|~~~+).*?^ {0,3}\1", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
HEADING = re.compile(r"^ {0,3}#{1,6} +(.+?) *#* *$", re.MULTILINE)
ID = re.compile(r"<[^>]+\b(?:id|name)=\"([^\"]+)\"")
LINK = re.compile(
    r"\]\(\s*<?([^)\s>]+)"  # [text](target), ![text](target "title")
    r"|^ {0,3}\[[^\]]+\]:\s*<?([^\s>]+)"  # [label]: target
    r"|<[^>]+\b(?:href|src)=\"([^\"]+)\"",  # <img src="target">
    re.MULTILINE,
)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def read_text(file: Path) -> str:
    """Reads a file without its code blocks and comments, which hold no links."""
    return COMMENT.sub("", FENCE.sub("", file.read_text()))


@cache
def find_anchors(file: Path) -> set[str]:
    """Returns the anchors of a file's headings, and those that its HTML sets."""
    text = read_text(file)
    anchors, seen = set(ID.findall(text)), {}
    for heading in HEADING.findall(text):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        count = seen[slug] = seen.get(slug, -1) + 1
        anchors.add(f"{slug}-{count}" if count else slug)
    return anchors


def find_broken_links(file: Path) -> Iterator[str]:
    """Yields a sentence about each link of a file that leads nowhere."""
    for groups in LINK.findall(CODE.sub("`code`", read_text(file))):
        link = next(filter(None, groups))
        if ELSEWHERE.match(link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = file.parent / path if path else file
        if not target.exists():
            yield f"{file}: link to {link}: {target} does not exist"
        elif anchor and target.suffix == ".md" and anchor not in find_anchors(target.resolve()):
            yield f"{file}: link to {link}: {target} has no heading with this anchor"


def main() -> None:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    names = sys.argv[1:] or subprocess.check_output(listed, text=True).splitlines()
    broken = [line for name in names for line in find_broken_links(Path(name))]
    for line in broken:
        print(line, file=sys.stderr)
    print(f"{len(names)} Markdown files, {len(broken)} broken links")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
