"""What every section of params.yaml is, and the slug that names things in it."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from pipeline.records import SLUG

# Windows refuses files of these names; a slug is also a folder.
_DEVICE_NAMES = {"con", "prn", "aux", "nul"} | {
    f"{p}{n}" for p in ("com", "lpt") for n in range(10)
}


class Section(BaseModel):
    """Frozen, and unknown keys are refused: a typo must not be silently ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def check_slug(text: str) -> str:
    """Return `text` if it can name a class label, a DVC stage and a folder on any system.

    Raises:
        ValueError: it cannot; the text says the rule.
    """
    if not SLUG.match(text) or text in _DEVICE_NAMES:
        raise ValueError(
            "must be 1 to 64 of a-z 0-9 _ -, start with a letter or digit, and be no device name "
            "of Windows"
        )
    return text


Slug = Annotated[str, AfterValidator(check_slug)]
