"""What can go wrong, in words for people.

DisneyError                one line: where, what was found, what is allowed, what to do
    ParamsError            params.yaml, one line per mistake, all at once
    DataError              a file or row of data/ that breaks the contract
    SourceError            a source of images that cannot be asked (missing folder, wiki down)
    ModelError             weights or a model card that cannot be used

A bad *image* is none of these: it is a row with a reason (`pipeline.records.Rejected`).
"""


class DisneyError(Exception):
    """Base of every error a user can cause; commands print its text and exit with code 1."""


class ParamsError(DisneyError):
    """params.yaml is wrong; the text holds one line per mistake."""


class DataError(DisneyError):
    """A file of the dataset breaks the contract."""


class SourceError(DisneyError):
    """A source of images cannot be asked."""


class ModelError(DisneyError):
    """Weights or a model card cannot be used."""
