"""What trained networks say about pictures, and what an answer costs.

Nothing here trains, so none of what training needs is loaded: evaluation starts 2 s earlier.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from pipeline.dataset.pack import Pack
from pipeline.dataset.selection import Pictures
from pipeline.evaluation.calibration import calibrate
from pipeline.evaluation.predictions import Predictions, make_predictions
from pipeline.evaluation.temperature import write_calibration
from pipeline.networks import Model, load_model
from pipeline.networks.parts.cost import facts_about
from pipeline.training.predict import predict_probs
from pipeline.training.runtime import Runtime

RGB, RGB_AND_MASK = 3, 4  # channels


def load_seeds(folder: Path, others: Path) -> list[Model]:
    """Load a trained network and the same one of other seeds; errors are those of `load_model`."""
    first = load_model(folder)  # before its seeds: without it there is no folder of them
    by_seed = sorted(others.iterdir(), key=lambda each: int(each.name))
    return [first, *(load_model(each) for each in by_seed)]


def calibrate_model(folder: Path, val_pack: Pack, *, runtime: Runtime) -> None:
    """Write calibration.json beside weights that were just saved, by what they say about val."""
    model = load_model(folder)
    val = predict_splits(model, {"val": val_pack}, runtime=runtime)
    write_calibration(folder, calibrate(val, weights_sha256=model.card.weights_sha256))


def measure(model: Model) -> dict[str, int]:
    """Tell what a network costs for one picture, and how far a CNN sees (`facts_about`)."""
    view = model.card.view
    channels = RGB_AND_MASK if view.resize == "native" else RGB
    return facts_about(model.module, image_size_px=view.image_size_px, channels=channels)


def answer_by(model: Model, *, runtime: Runtime) -> Callable[[Pictures], NDArray[np.float64]]:
    """Make a network answer about any pictures: N of them -> probabilities (N, K)."""
    module, view = runtime.place(model.module), model.card.view

    def answer(pictures: Pictures) -> NDArray[np.float64]:
        with runtime.applied():
            return predict_probs(module, pictures, view=view, runtime=runtime)

    return answer


def predict_splits(model: Model, packs: dict[str, Pack], *, runtime: Runtime) -> Predictions:
    """Predict every picture of some splits."""
    answer = answer_by(model, runtime=runtime)
    parts = {split: (pack.rows, answer(pack)) for split, pack in packs.items()}
    return make_predictions(parts, classes=model.card.classes)


def predict_seeds(
    models: Sequence[Model], packs: dict[str, Pack], *, runtime: Runtime
) -> tuple[dict[int, Predictions], float]:
    """Predict some splits by the network of each seed; give also how long one takes, in s."""
    start_s = perf_counter()
    by_seed = {each.card.seed: predict_splits(each, packs, runtime=runtime) for each in models}
    return by_seed, (perf_counter() - start_s) / len(models)
