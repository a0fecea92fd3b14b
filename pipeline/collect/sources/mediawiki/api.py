"""The Action API of a MediaWiki: one question, asked to its end.

Errors come with HTTP 200, and an answer that has nothing to say lacks `query`. Busy wikis
(https://www.mediawiki.org/wiki/Manual:Maxlag_parameter) are asked again when they wish it.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.collect.http import Client
from pipeline.collect.text import clean_text
from pipeline.errors import SourceError
from pipeline.params import MediawikiParams

BATCH = 50  # files in an answer; more would come without their imageinfo
# One file of which no thumbnail can be made, such as a drawing without a size, fails its whole
# batch; asked again without thumbnails, the batch comes with its original files.
NO_THUMBNAIL = "urlparamnormal"
_BUSY = frozenset({"maxlag", "ratelimited"})
_ASK = {
    "action": "query",
    "format": "json",
    "formatversion": "2",
    "maxlag": "5",  # seconds: a wiki whose copies lag behind is left in peace
    "redirects": "1",
}
_FILES = {
    "prop": "imageinfo",
    "iiprop": "url|size|mime|extmetadata",
    "iiextmetadatafilter": "LicenseShortName|LicenseUrl|UsageTerms|Artist",
}

Page = dict[str, Any]  # one page or file of an answer
Query = dict[str, str]  # what is asked beside `_ASK`


class Wiki:
    """One wiki, asked through a client."""

    def __init__(self, source: MediawikiParams, *, client: Client) -> None:
        """Take the wiki's address and the width of its thumbnails."""
        self._api = source.api
        self._client = client
        width_px = source.thumb_width_px
        self._files = _FILES | ({"iiurlwidth": str(width_px)} if width_px else {})

    def ask(self, query: Query) -> dict[str, Any]:
        """Ask one question once.

        Raises:
            SourceError: the wiki does not answer, or refuses the question.
        """
        answer = self._get(query)
        if _error(answer).get("code") == NO_THUMBNAIL:
            answer = self._get({key: query[key] for key in query if key != "iiurlwidth"})
        error = _error(answer)
        if error:
            asked = {key: query[key] for key in query if key not in self._files}
            what = f"{error.get('code')}: {clean_text(str(error.get('info', '')))}"
            raise SourceError(
                f"{self._api}: refuses {asked} ({what}); see the search of this character"
            )
        return dict(answer)

    def answers(self, query: Query) -> Iterator[dict[str, Any]]:
        """Ask one question to its end: every key of `continue` is sent back until there is none.

        Raises:
            SourceError: the wiki does not answer, refuses the question, or never ends.
        """
        following: dict[str, str] = {}
        while True:
            answer = self.ask(query | following)
            yield answer
            before, following = following, _texts(answer.get("continue", {}))
            if not following:
                return
            if following == before:
                raise SourceError(
                    f"{self._api}: goes round in circles at {following}; try again later"
                )

    def files(self, query: Query) -> Iterator[list[Page]]:
        """List files in batches, the best of each first.

        The wiki may spread what it says about one batch over several answers (`iicontinue`); only
        at "batchcomplete" has each page all its parts. Pages come sorted by number; "index" is
        their rank in a search.
        """
        batch: dict[str, Page] = {}
        for answer in self.answers(self._files | query):
            for page in pages_of(answer):
                batch.setdefault(page["title"], {}).update(page)
            if "batchcomplete" in answer or "continue" not in answer:
                yield sorted(batch.values(), key=lambda page: int(page.get("index", 0)))
                batch = {}

    def _get(self, query: Query) -> Any:
        return self._client.get_json(self._api, _ASK | query, is_busy=_is_busy)


def pages_of(answer: Mapping[str, Any]) -> list[Page]:
    """Read the pages of an answer, which has no `query` where there are none."""
    pages: list[Page] = answer.get("query", {}).get("pages", [])
    return pages


def _texts(values: Mapping[str, object]) -> dict[str, str]:
    return {key: str(value) for key, value in values.items()}


def _is_busy(answer: Any) -> bool:
    return _error(answer).get("code") in _BUSY


def _error(answer: Any) -> Mapping[str, Any]:
    error = answer.get("error", {}) if isinstance(answer, dict) else {"code": "no object"}
    return error if isinstance(error, dict) else {"code": str(error)}
