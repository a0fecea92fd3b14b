"""A decoder that writes the character's name, letter by letter.

This is how a decoder generates words: each letter is drawn from what was written before and from
the keys and values of the encoder (Vaswani et al. 2017, arXiv:1706.03762; for pictures Vinyals et
al. 2015, arXiv:1411.4555). By the chain rule the probability of a name is

    P(name | picture) = prod P(letter t | letters before t, picture)

and a name ends with a sign of its own, so `anna` is another name than `annabel`.

As a classifier it compares the log P of all characters' names. For each of them the letters before
are given, not what it would have written (teacher forcing, Williams and Zipser 1989), so all of
them are computed at once. Beginnings that names share (`anna`, `annabel`: five of them, from none
to `anna`) are computed only once: the queries are the T different beginnings, and each looks at its
own beginnings and at no other.

Letters are characters of Unicode, composed (NFC): 인어공주 has four.

Shapes at 96 px, width 128: tokens (B, 36, 128); beginnings (B, T, 128) -> log-probabilities of the
next letter (B, T, L) -> log-likelihoods of the names (B, K).

Cost at 96 px, width 128: 0.9 M parameters; 24 M multiply-adds of the encoder, a Vision Transformer
of depth 3, and 0.2 M a beginning and layer: 19 M for six names with T = 44. A step takes 1.4 times
as long as with `vit`.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from pipeline.errors import ParamsError
from pipeline.networks import Start
from pipeline.networks.parts.decoding import Reader, build_reader, start_reader
from pipeline.networks.parts.encoders import Encoder
from pipeline.networks.parts.position import waves
from pipeline.params.networks import Caption

EXPLAINED_BY = "cross_attention"
EDGE = 0  # of the alphabet: as a letter that was read the start, as one that is written the end


class NameWriter(Reader):
    """Write names, or say how likely each of them is."""

    beginning_T: Tensor  # last letter of each beginning
    length_T: Tensor  # letters of each beginning
    is_start_TT: Tensor  # does the second begin the first?
    step_M: Tensor  # of all letters of all names, one name after another: the beginning before it
    letter_M: Tensor  # and the letter itself
    place_ND: Tensor  # how a place in a name is described

    def __init__(
        self, encoder: Encoder, *, names: Sequence[str], width: int, depth: int, heads: int
    ) -> None:
        super().__init__(encoder, width=width, depth=depth, heads=heads)
        self.alphabet = ("", *sorted(set("".join(names))))
        self.num_steps = [len(name) + 1 for name in names]  # the last is the end
        self.letters = nn.Embedding(len(self.alphabet), width)
        self.head = nn.Linear(width, len(self.alphabet))
        for key, table in self._tables(names).items():
            self.register_buffer(key, table, persistent=False)
        places_N = torch.arange(max(self.num_steps))
        self.register_buffer("place_ND", waves(places_N, width=width), persistent=False)

    def forward(self, x_BCSS: Tensor) -> Tensor:
        """Map normalised pictures to log P of each class's name (B, K), each at most 0."""
        return torch.stack([each.sum(dim=1) for each in self.log_letters(x_BCSS)], dim=1)

    def log_letters(self, x_BCSS: Tensor) -> tuple[Tensor, ...]:
        """Give of each class's name log P of each letter after those before it.

        Returns:
            For each name (B, its letters and its end).
        """
        memory_BMD, memory_mask = self.remember(x_BCSS)
        beginnings_TD = self.letters(self.beginning_T) + self.place_ND[self.length_T]
        beginnings_BTD = beginnings_TD.expand(memory_BMD.shape[0], -1, -1)
        log_probs_BTL = self._next_letter(beginnings_BTD, memory_BMD, memory_mask, self.is_start_TT)
        steps_BM = log_probs_BTL[:, self.step_M, self.letter_M]
        return torch.split(steps_BM, self.num_steps, dim=1)

    @torch.no_grad()
    def write(self, x_BCSS: Tensor) -> list[str]:
        """Write a name for each picture, the likeliest letter each time (greedy).

        Nothing holds it to the names it knows. One that finds no end is cut off after as many
        letters as the longest of them has.
        """
        memory_BMD, memory_mask = self.remember(x_BCSS)
        written_BT = torch.full((len(x_BCSS), 1), EDGE, device=x_BCSS.device)
        for length in range(1, len(self.place_ND)):
            written_BTD = self.letters(written_BT) + self.place_ND[:length]
            is_before_TT = torch.ones(length, length, device=x_BCSS.device).tril().bool()
            log_probs_BTL = self._next_letter(written_BTD, memory_BMD, memory_mask, is_before_TT)
            next_B1 = log_probs_BTL[:, -1:].argmax(dim=2)
            written_BT = torch.cat([written_BT, next_B1], dim=1)
        return [self._text(letters) for letters in written_BT[:, 1:].tolist()]

    def _next_letter(
        self, queries_BTD: Tensor, memory_BMD: Tensor, memory_mask: Tensor | None, mask_TT: Tensor
    ) -> Tensor:
        """Give log P of each letter of the alphabet to come next, (B, T, L)."""
        answers_BTD = self.answer(queries_BTD, memory_BMD, memory_mask, mask=mask_TT)
        log_probs_BTL: Tensor = self.head(answers_BTD).log_softmax(dim=2)
        return log_probs_BTL

    def _tables(self, names: Sequence[str]) -> dict[str, Tensor]:
        """List all beginnings of names, and where the letters of each name come after them."""
        starts = sorted({name[:length] for name in names for length in range(len(name) + 1)})
        index = {letter: number for number, letter in enumerate(self.alphabet)}
        steps = [(name[:t], name[t : t + 1]) for name in names for t in range(len(name) + 1)]
        return {
            "beginning_T": torch.tensor([index[start[-1:]] for start in starts]),
            "length_T": torch.tensor([len(start) for start in starts]),
            "is_start_TT": torch.tensor([[x.startswith(y) for y in starts] for x in starts]),
            "step_M": torch.tensor([starts.index(start) for start, _ in steps]),
            "letter_M": torch.tensor([index[letter] for _, letter in steps]),
        }

    def _text(self, letters: Sequence[int]) -> str:
        """Read letters up to the end."""
        length = letters.index(EDGE) if EDGE in letters else len(letters)
        return "".join(self.alphabet[letter] for letter in letters[:length])


def names_to_write(names: Mapping[str, str], *, classes: Sequence[str]) -> list[str]:
    """Give the name of each class: from params.yaml, else the slug itself.

    Raises:
        ParamsError: a name is empty, two characters have the same, or one has no character.

    >>> names_to_write({"ariel": "인어공주"}, classes=["ariel", "elsa"])
    ['인어공주', 'elsa']
    """
    unknown = sorted(names.keys() - set(classes))
    if unknown:
        raise ParamsError(f"names: no character {unknown[0]!r}; known: {', '.join(classes)}")
    owners: dict[str, str] = {}
    for slug in classes:
        name = unicodedata.normalize("NFC", names.get(slug, slug)).strip()
        if not name:
            raise ParamsError(f"names: {slug}: must have at least one letter, got none")
        if name in owners:
            raise ParamsError(f"names: {owners[name]} and {slug} must differ, got {name!r} twice")
        owners[name] = slug
    return list(owners)


def build(spec: Caption, *, classes: Sequence[str]) -> nn.Module:
    """Build an untrained network.

    Raises:
        ParamsError: two characters cannot be told apart by their names.
    """
    return build_reader(spec, _maker(spec, classes=classes), classes=classes)


def start(spec: Caption, *, classes: Sequence[str], root: Path) -> Start:
    """Build the network as training begins; an encoder with weights starts from them.

    Raises:
        ParamsError: two characters cannot be told apart by their names.
    """
    begun = start_reader(spec, _maker(spec, classes=classes), classes=classes, root=root)
    return replace(begun, logits="log_likelihood")


def _maker(spec: Caption, *, classes: Sequence[str]) -> partial[NameWriter]:
    return partial(
        NameWriter,
        names=names_to_write(spec.names, classes=classes),
        width=spec.width,
        depth=spec.depth,
        heads=spec.heads,
    )
