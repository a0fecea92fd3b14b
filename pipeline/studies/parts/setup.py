"""How much a study may spend, and on which pictures: the same for all studies of a project."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from pipeline.catalog.catalog import Catalog
from pipeline.params import AnyNetwork, Params, Train
from pipeline.paths import Project
from pipeline.studies.parts.data import StudyData, prepare_data


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How long, how large, how often."""

    name: Literal["quick", "full"]
    train: Mapping[str, Any]  # keys of the section `train`; those of params.yaml play no part
    image_size_px: int  # side of what a network sees
    max_per_class: int  # training pictures of a character; more are left out
    seeds: tuple[int, ...]  # unless studies.seeds names others
    networks: Mapping[str, Mapping[str, Any]]  # architecture -> its keys, as in params.yaml

    @property
    def packed_px(self) -> int:
        """Side of the packed pictures: a third larger, so that crops are not blown up."""
        return self.image_size_px * 4 // 3


_READER = {"width": 64, "hidden": 64, "token_px": 8}
_ATTENTION = {"width": 64, "heads": 4, "token_px": 8}

QUICK = Budget(
    name="quick",
    # A dozen steps an epoch are few: no average of weights, which would lag, and milder views.
    train={
        "epochs": 4,
        "batch_size": 32,
        "ema_decay": 0.0,
        "crop_min_area": 0.7,
        "colour_jitter": 0.1,
    },
    image_size_px=48,
    max_per_class=60,
    seeds=(1, 2, 3),
    networks={
        "cnn": {"width": 16},
        "rnn": _READER,
        "lstm": _READER,
        "gru": _READER,
        "vit": {**_ATTENTION, "depth": 2},
        "decoder": _ATTENTION,
        "caption": _ATTENTION,
    },
)
FULL = Budget(
    name="full",
    train={"epochs": 12, "batch_size": 32},
    image_size_px=64,
    max_per_class=200,
    seeds=(1, 2, 3),
    networks={
        "cnn": {"width": 24},
        "rnn": _READER,
        "lstm": _READER,
        "gru": _READER,
        "vit": {**_ATTENTION, "depth": 3},
        "decoder": _ATTENTION,
        "caption": _ATTENTION,
    },
)
BUDGETS = {budget.name: budget for budget in (QUICK, FULL)}

_SPEC: TypeAdapter[AnyNetwork] = TypeAdapter(AnyNetwork)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What every study is given."""

    budget: Budget
    seeds: tuple[int, ...]
    data: StudyData
    project: Project
    params: Params

    @property
    def catalog(self) -> Catalog:
        """What is known of the pictures."""
        return Catalog(self.project, characters=self.params.characters)

    def network(self, arch: str, **keys: Any) -> AnyNetwork:
        """Describe a network of this budget's size.

        Args:
            arch: such as "cnn".
            keys: as in params.yaml; they come over those of the budget.
        """
        own = {"arch": arch, "image_size_px": self.budget.image_size_px}
        return _SPEC.validate_python(own | dict(self.budget.networks.get(arch, {})) | keys)

    def train(self, **keys: Any) -> Train:
        """Describe a training of this budget's length; nothing stops it early.

        Args:
            keys: as in the section `train` of params.yaml.
        """
        return Train(**(dict(self.budget.train) | keys))


def make_setup(project: Project, params: Params, *, budget: Budget | None = None) -> Setup:
    """Fix budget, seeds and pictures of a project.

    Args:
        project: with data/processed/train, val and test.
        params: section `studies` names the budget and may name the seeds.
        budget: another one, for tests.

    Raises:
        DataError: a packed split is missing or damaged.
    """
    budget = budget or BUDGETS[params.studies.budget]
    data = prepare_data(
        project,
        side_px=min(budget.packed_px, params.augment.image_size_px),
        max_per_class=budget.max_per_class,
        folder=project.study_data,
    )
    return Setup(
        budget=budget,
        seeds=params.studies.seeds or budget.seeds,
        data=data,
        project=project,
        params=params,
    )
