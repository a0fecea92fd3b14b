"""What a wiki is asked about a character: searches, gallery pages and categories.

Profiles say what kind of wiki it is. Commons searches with CirrusSearch, which can be told to look
for bitmaps; elsewhere those words would be searched for. On a Fandom wiki most pictures of a
character are in its galleries, `<name>/Gallery` and the pages below it, so these are looked up.
"""

from collections import deque
from collections.abc import Iterator
from urllib.parse import urlsplit

from pipeline.collect.queries import texts_of
from pipeline.collect.sources.mediawiki.api import BATCH, Page, Wiki
from pipeline.collect.sources.mediawiki.sharing import without_shared
from pipeline.params import MediawikiParams, Search

_COMMONS, _FANDOM = ("wikimedia.org", "wikipedia.org"), ("fandom.com",)


def listings(search: Search, *, source: MediawikiParams, wiki: Wiki) -> list[Iterator[Page]]:
    """Make one lazy list of files per query, page and category, in this order."""
    profile = profile_of(source)
    pages = search.pages
    if profile == "fandom":
        pages = pages or (f"{search.name}/Gallery",)
    named = search.queries or search.pages or search.categories
    texts = texts_of(search) if search.queries or not named else ()
    return [
        *(_by_search(text, profile=profile, wiki=wiki) for text in texts),
        *(_on_pages(page, source=source, wiki=wiki) for page in pages),
        *(_in_category(each, depth=source.category_depth, wiki=wiki) for each in search.categories),
    ]


def profile_of(source: MediawikiParams) -> str:
    """Tell the kind of wiki: what params say, else by its host.

    >>> profile_of(MediawikiParams(kind="mediawiki", api="https://disney.fandom.com/api.php"))
    'fandom'
    """
    host = urlsplit(source.api).hostname or ""
    if source.profile != "auto":
        return source.profile
    for profile, domains in (("commons", _COMMONS), ("fandom", _FANDOM)):
        if any(host == domain or host.endswith(f".{domain}") for domain in domains):
            return profile
    return "plain"


def _by_search(text: str, *, profile: str, wiki: Wiki) -> Iterator[Page]:
    words = f"{text} filetype:bitmap" if profile == "commons" else text
    query = {"generator": "search", "gsrnamespace": "6", "gsrsearch": words, "gsrlimit": str(BATCH)}
    for batch in wiki.files(query):
        yield from batch


def _on_pages(title: str, *, source: MediawikiParams, wiki: Wiki) -> Iterator[Page]:
    """List the files on a page, and on a Fandom wiki on the pages below it."""
    below = _galleries(title, wiki=wiki) if profile_of(source) == "fandom" else []
    for each in below or [title]:
        query = {"generator": "images", "titles": each, "gimlimit": str(BATCH)}
        for batch in wiki.files(query):
            yield from without_shared(batch, wiki=wiki, max_pages=source.max_sharing_pages)


def _galleries(title: str, *, wiki: Wiki) -> list[str]:
    """Look up which pages there are: the page itself and those named after it, `title/...`."""
    query = {"list": "allpages", "apprefix": title, "apnamespace": "0", "aplimit": "500"}
    answers = wiki.answers(query)
    found = [page["title"] for a in answers for page in a.get("query", {}).get("allpages", [])]
    return [each for each in found if each == title or each.startswith(f"{title}/")]


def _in_category(name: str, *, depth: int, wiki: Wiki) -> Iterator[Page]:
    """List the files of a category, then of its sub-categories down to `depth`, none twice.

    Categories may contain each other in circles.
    """
    waiting = deque([(f"Category:{name}", 0)])
    seen = {f"Category:{name}"}
    while waiting:
        title, level = waiting.popleft()
        members = {"generator": "categorymembers", "gcmtitle": title, "gcmtype": "file"}
        for batch in wiki.files(members | {"gcmlimit": str(BATCH)}):
            yield from batch
        if level < depth:
            below = [each for each in _subcategories(title, wiki=wiki) if each not in seen]
            seen.update(below)
            waiting.extend((each, level + 1) for each in below)


def _subcategories(title: str, *, wiki: Wiki) -> list[str]:
    query = {"list": "categorymembers", "cmtitle": title, "cmtype": "subcat", "cmlimit": "500"}
    answers = wiki.answers(query)
    return [c["title"] for a in answers for c in a.get("query", {}).get("categorymembers", [])]
