"""Which files of a page are navigation: icons, banners and boxes that many articles share.

The list of another character is never looked at, as that would make one search depend on another.
Instead the wiki itself is asked which articles use a file. An article and the pages below it
("Ariel", "Ariel/Gallery") count as one.
"""

from collections.abc import Sequence

from pipeline.collect.sources.mediawiki.api import Page, Query, Wiki, pages_of

_ASK = {"prop": "fileusage", "funamespace": "0", "fuprop": "title", "fulimit": "500"}


def without_shared(batch: Sequence[Page], *, wiki: Wiki, max_pages: int) -> list[Page]:
    """Leave out the files that more than `max_pages` articles use.

    Args:
        batch: up to 50 files of one page; one that lies in another wiki's repository has no
            number here and passes.
        wiki: where they are.
        max_pages: at most so many articles may use a picture of one character.
    """
    ids = [str(page["pageid"]) for page in batch if "pageid" in page]
    shared = _shared(ids, wiki=wiki, max_pages=max_pages)
    return [page for page in batch if str(page.get("pageid")) not in shared]


def _shared(ids: list[str], *, wiki: Wiki, max_pages: int) -> set[str]:
    """Find the shared ones among files named by their numbers.

    One icon of ten thousand pages would fill twenty answers. So a list that was cut short is not
    continued: what is known to be shared by then is taken out, and the others are asked again.
    """
    shared: set[str] = set()
    while ids:
        query: Query = _ASK | {"pageids": "|".join(ids)}
        answer = wiki.ask(query)
        known = {str(p["pageid"]) for p in pages_of(answer) if _num_articles(p) > max_pages}
        shared |= known
        if "continue" not in answer or not known:
            return shared
        ids = [each for each in ids if each not in known]
    return shared


def _num_articles(page: Page) -> int:
    return len({use["title"].partition("/")[0] for use in page.get("fileusage", [])})
