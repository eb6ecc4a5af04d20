"""Checks the links of the built book: files, anchors, scripts, styles and images.

usage: book_links.py FOLDER
"""

import html.parser
import pathlib
import sys
import urllib.parse

# mdBook's page for missing files. Its links start at the root of a server.
ROOT_PAGES = {"404.html"}


class Page(html.parser.HTMLParser):
    """The links and the anchors of a page."""

    def __init__(self, path):
        super().__init__()
        self.links, self.anchors = [], set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("id", "name") and value:
                self.anchors.add(value)
            elif name in ("href", "src") and value and tag != "base":
                self.links.append(value)


def target_of(page, link):
    """The file and the anchor of a link. None if the link leaves the book."""
    url = urllib.parse.urlsplit(link)
    if url.scheme or url.netloc:
        return None
    path = urllib.parse.unquote(url.path)
    file = (page.parent / path).resolve() if path else page
    return (file / "index.html" if file.is_dir() else file), urllib.parse.unquote(url.fragment)


def faults(folder):
    pages = {path: Page(path) for path in sorted(folder.rglob("*.html"))}
    for path, page in pages.items():
        if path.name in ROOT_PAGES:
            continue
        for link in dict.fromkeys(page.links):
            target = target_of(path, link)
            if target is None:
                continue
            file, anchor = target
            if not file.is_relative_to(folder) or not file.is_file():
                yield f"{path.relative_to(folder)}: {link}: no such file"
            elif anchor and file in pages and anchor not in pages[file].anchors:
                yield f"{path.relative_to(folder)}: {link}: no such anchor"
    if not pages:
        yield f"{folder}: no pages"


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    found = list(faults(folder))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    return bool(found)


sys.exit(main())
