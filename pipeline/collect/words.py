"""What became of the candidates that were not kept, in words for the end of a run."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from pipeline.records import Reason, RejectedRow

MAX_HOSTS_TOLD = 3
_PLURALS = {
    Reason.FORBIDDEN: "forbidden addresses",
    Reason.SERVER_ERROR: "server errors",
    Reason.EXACT_DUPLICATE: "duplicates",
}
_WORDS = {Reason.EXACT_DUPLICATE: "duplicate"}


def reasons_in_words(rejected: Sequence[RejectedRow]) -> list[str]:
    """Count the rows by reason, most frequent first, with what helps to act on them.

    >>> row = RejectedRow(image_url="", reason="gone", detail="HTTP 404")
    >>> blocked = RejectedRow(image_url="", reason="blocked", detail="static.example: HTTP 403")
    >>> reasons_in_words([row, blocked, row])
    ['2 gone (404)', '1 blocked by static.example']
    """
    rows: defaultdict[Reason, list[RejectedRow]] = defaultdict(list)
    for row in rejected:
        rows[Reason(row.reason)].append(row)
    ordered = sorted(rows.items(), key=lambda item: len(item[1]), reverse=True)  # stable
    return [_words(reason, [row.detail for row in same]) for reason, same in ordered]


def _words(reason: Reason, details: Sequence[str]) -> str:
    number = len(details)
    word = _WORDS.get(reason, str(reason))
    named = f"{number} {_PLURALS.get(reason, word) if number > 1 else word}"
    return f"{named}{_hosts(details) if reason == Reason.BLOCKED else _statuses(details)}"


def _statuses(details: Sequence[str]) -> str:
    """Name the statuses of HTTP behind a reason."""
    statuses = {each.removeprefix("HTTP ") for each in details if each.startswith("HTTP ")}
    return f" ({', '.join(sorted(statuses))})" if statuses else ""


def _hosts(details: Sequence[str]) -> str:
    """Name the hosts that blocked most."""
    hosts = Counter(each.rpartition(": ")[0] for each in details).most_common()
    names = [f"{host} ({number})" if len(hosts) > 1 else host for host, number in hosts]
    more = ", …" if len(hosts) > MAX_HOSTS_TOLD else ""
    return f" by {', '.join(names[:MAX_HOSTS_TOLD])}{more}"
