"""The dataset for programs: JSON-LD after Croissant 1.0 (https://docs.mlcommons.org/croissant).

The table of pictures is described column by column; the pictures themselves are named by its column
`file`. No date is given: the same dataset is described by the same bytes.
"""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

from pipeline.catalog.catalog import Catalog
from pipeline.files import sha256_of_file
from pipeline.params import Params
from pipeline.paths import Project
from pipeline.records import SplitRow

_TABLE, _PICTURES = "split.csv", "pictures"
_COLUMNS = {
    "sha256": "Hash of the file's bytes; also its name.",
    "file": "Where the picture lies, relative to the project's folder.",
    "character": "The class label.",
    "group": "Copies share a group, and so a split.",
    "split": "train, val or test.",
}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def describe(catalog: Catalog, params: Params) -> dict[str, Any]:
    """Describe the pictures of split.csv.

    Args:
        catalog: whose split.csv it is.
        params: who the characters are.
    """
    project, total = catalog.project, len(catalog.split)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "disney-characters",
        "description": f"{total:,} distinct pictures of {len(params.characters)} characters, "
        "each labelled with the one it shows. The characters are Disney's; each picture keeps the "
        "licence that its source states.",
        "license": list(catalog.rights.licences),
        "keywords": list(params.characters),
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": _TABLE,
                "name": _TABLE,
                "description": "A row per picture.",
                "contentUrl": _address(project),
                "encodingFormat": "text/csv",
                "sha256": sha256_of_file(project.split),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": _PICTURES,
                "name": _PICTURES,
                "key": {"@id": f"{_PICTURES}/sha256"},
                "field": [_field(column.name) for column in fields(SplitRow)],
            }
        ],
    }


def _address(project: Project) -> str:
    """Say where split.csv lies, as seen from the description: there a program looks for it."""
    return Path(os.path.relpath(project.split, project.cards)).as_posix()


def _field(column: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{_PICTURES}/{column}",
        "name": column,
        "description": _COLUMNS[column],
        "dataType": "sc:Text",
        "source": {"fileObject": {"@id": _TABLE}, "extract": {"column": column}},
    }
