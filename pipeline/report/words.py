"""The findings in words: what the numbers allow to say, and no more."""

from collections.abc import Mapping, Sequence

from pipeline.evaluation.gains import Gain
from pipeline.params import AnyNetwork, Distill
from pipeline.report.results import Difference, Result

SPACE = "\u00a0"  # no line break between a number and its unit
MINUS = "\u2212"
_SMALL = (
    *("zero", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)


def percent(value: float, *, digits: int = 0) -> str:
    """Write a fraction in [0, 1] as a percentage.

    >>> percent(0.834) == "83\u00a0%"
    True
    """
    return f"{100 * value:.{digits}f}{SPACE}%"


def points(value: float) -> str:
    """Write a difference of fractions as signed percentage points.

    >>> points(-0.031) == "\u22123"
    True
    """
    rounded = round(100 * value)
    return f"{MINUS if rounded < 0 else '+' if rounded else ''}{abs(rounded)}"


def number(value: float) -> str:
    """Write a number with three significant digits and a proper minus.

    >>> number(0.08841), number(1234567), number(-0.5) == MINUS + "0.5"
    ('0.0884', '1,234,567', True)
    """
    size = abs(value)
    text = f"{size:,.0f}" if size >= 1000 else f"{size:.3g}"  # noqa: PLR2004 - 1e+03 reads badly
    return f"{MINUS}{text}" if value < 0 else text


def count(number: int) -> str:
    """Write a count: up to twelve in words, above with separators.

    >>> count(6), count(1204)
    ('six', '1,204')
    """
    return _SMALL[number] if number < len(_SMALL) else f"{number:,}"


def listed(names: Sequence[str]) -> str:
    """Join names as a sentence does.

    >>> listed(["cnn", "vit", "gru"])
    'cnn, vit and gru'
    """
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def headline(best: Result, colour: Result) -> str:
    """Say the main finding: how good the network chosen on val is, beside chance and colours."""
    values = best.metrics
    return (
        f"Chosen on the validation pictures, {best.slug} names the right character in "
        f"{percent(values['accuracy'])} of {count(values['num_test'])} test pictures that it never "
        f"saw while it learned (95{SPACE}% interval {percent(values['accuracy_low'])} to "
        f"{percent(values['accuracy_high'])}). Guessing would be right in "
        f"{percent(values['chance'])}, colours alone, without any network, in "
        f"{percent(colour.metrics['accuracy'])}."
    )


def against_colours(network: Result, than_colour: Difference) -> str:
    """Say whether a network has learned more than its palette; the network's name comes before."""
    size = f"{points(abs(than_colour.value)).lstrip('+')}{SPACE}percentage points"
    interval = f"95{SPACE}% interval {points(than_colour.low)} to {points(than_colour.high)}"
    if than_colour.is_better:
        return (
            f"has learned more than colours: its accuracy is {size} above the colour floor "
            f"({interval})."
        )
    if than_colour.is_worse:
        return (
            f"is worse than a histogram of colours: its accuracy is {size} below the colour floor "
            f"({interval})."
        )
    is_above_chance = network.metrics["accuracy_low"] > network.metrics["chance"]
    end = "." if is_above_chance else ", and may be no better than guessing."
    return (
        f"is not separable from its colours: its accuracy differs by {size} from that of the "
        f"colour floor ({interval}){end}"
    )


def on_grey(gain: Gain) -> str:
    """Say what is left of it on pictures without colour, as a sentence that follows."""
    size = f"{points(abs(gain.gain)).lstrip('+')}{SPACE}points"
    where = f"(95{SPACE}% interval {points(gain.low)} to {points(gain.high)})"
    if gain.is_better:
        return f"On grey pictures it is {size} above the floor, too {where}."
    if gain.is_worse:
        return f"On grey pictures it is {size} below the floor {where}."
    return f"On grey pictures it is not separable from the floor {where}."


def temperature(networks: Sequence[Result]) -> str:
    """Say for whom one temperature, fitted on val, lowers the calibration error on test."""
    fitted = [each for each in networks if "ece_calibrated" in each.metrics]
    lower = [e.slug for e in fitted if e.metrics["ece_calibrated"] < e.metrics["ece"]]
    others = [each.slug for each in fitted if each.slug not in lower]
    what, parts = "the calibration error", []
    if lower:
        parts.append(f"lowers {what} of {listed(lower)}")
        what = "that"
    if others:
        parts.append(f"does not lower {what} of {listed(others)}")
    return (
        f"Dividing the logits by one temperature, fitted on val, {' and '.join(parts)} on the "
        "test pictures."
        if parts
        else ""
    )


def against_best(best: Result, others: Mapping[str, Difference]) -> str:
    """Say which other networks the best one on val can be told apart from.

    Args:
        best: the network chosen on val.
        others: slug -> how much more accurate `best` is on test.
    """
    better = [slug for slug, each in others.items() if each.is_better]
    worse = [slug for slug, each in others.items() if each.is_worse]
    equal = [slug for slug in others if slug not in (*better, *worse)]
    parts = []
    if better:
        parts.append(f"{best.slug} is better than {listed(better)}")
    if equal:
        parts.append(f"{best.slug} and {listed(equal)} cannot be told apart on these pictures")
    if worse:
        parts.append(f"on test {listed(worse)} is better than {best.slug}, which val preferred")
    return "; ".join(parts) + "."


def describe(spec: AnyNetwork) -> str:
    """Say what a network is, by what its section of params.yaml sets.

    >>> from pipeline.params import Cnn
    >>> describe(Cnn(arch="cnn", kernel_size=7))
    'cnn, kernel_size 7, 96 px'
    """
    hidden = {"arch", "train", "image_size_px", "weights", "model_kwargs", "mean", "std", "names"}
    settings = [
        _setting(key, getattr(spec, key))
        for key in type(spec).model_fields
        if key in spec.model_fields_set - hidden
    ]
    return ", ".join([spec.arch, *settings, f"{spec.image_size_px} px"])


def _setting(key: str, value: object) -> str:
    """Write one setting; of a nested network its architecture."""
    if isinstance(value, Distill):
        return f"taught by a {value.teacher.arch}"
    return f"{key} {getattr(value, 'arch', value)}"


def started(init: str) -> str:
    """Say what a network began with, by its card's `init`."""
    return "from scratch" if init == "scratch" else "from weights"
