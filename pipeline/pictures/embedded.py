"""Whether a file can show pictures: by its kind and, of drawings and pages, by what they embed."""

import re
from collections.abc import Callable
from pathlib import PurePath

_WITHOUT = {".csv", ".json", ".jsonl", ".md", ".onnx", ".safetensors", ".txt", ".yaml"}
_DRAWINGS = {".html", ".svg"}
_EMBEDDED = re.compile(rb"data:image/(?!svg\+xml,)")  # a plain SVG in it can be searched itself


def may_show_pictures(name: str, *, read: Callable[[], bytes]) -> bool:
    """Tell whether a file can show pictures; a kind that nobody knows can.

    Args:
        name: of the file.
        read: gives its bytes; asked of drawings and pages only.

    >>> may_show_pictures("loss.svg", read=lambda: b"<svg><path/></svg>")
    False
    >>> may_show_pictures("page.html", read=lambda: b"<img src='data:image/png;base64,AA'>")
    True
    >>> may_show_pictures("new.kind", read=bytes), may_show_pictures("rows.csv", read=bytes)
    (True, False)
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in _DRAWINGS:
        return _EMBEDDED.search(read()) is not None
    return suffix not in _WITHOUT
