"""params.yaml, typed once: `load_params` is its one reader."""

from pipeline.params.load import find_project, load_params
from pipeline.params.networks import AnyNetwork, Cnn, Network, Timm, Train, View, Vit
from pipeline.params.schema import (
    Augment,
    Character,
    Collect,
    Dedup,
    Evaluate,
    Params,
    Search,
    Split,
)
from pipeline.params.sources import (
    WEB_SOURCES,
    AnySource,
    FolderParams,
    MediawikiParams,
    StudioParams,
    UrlsParams,
)

__all__ = [
    "WEB_SOURCES",
    "AnyNetwork",
    "AnySource",
    "Augment",
    "Character",
    "Cnn",
    "Collect",
    "Dedup",
    "Evaluate",
    "FolderParams",
    "MediawikiParams",
    "Network",
    "Params",
    "Search",
    "Split",
    "StudioParams",
    "Timm",
    "Train",
    "UrlsParams",
    "View",
    "Vit",
    "find_project",
    "load_params",
]
