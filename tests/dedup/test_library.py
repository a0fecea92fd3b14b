"""The library: decoded once, never trusted blindly, never an output."""

from pathlib import Path

import pytest

from pipeline.dedup.library import Fingerprinted, fingerprint_files, pixel_copies
from pipeline.files import sha256_of
from pipeline.paths import Project
from tests.damage import Damage, every_damage, spoil
from tests.dedup.scenes import jpeg, png, scene


def store(folder: Path, *bodies: bytes) -> dict[str, Path]:
    """Write files, named by their content."""
    files = {sha256_of(body): folder / sha256_of(body) for body in bodies}
    for body in bodies:
        files[sha256_of(body)].write_bytes(body)
    return files


def decoded(files: dict[str, Path], cache: Path) -> tuple[int, Fingerprinted]:
    """Fingerprint files; count those that had to be decoded."""
    steps: list[int] = []
    found = fingerprint_files(files, cache=cache, progress=lambda done, *_: steps.append(done))
    return len(steps), found


def test_only_new_files_are_decoded(tmp_path: Path) -> None:
    """A picture that is in the library already is not opened again."""
    old = store(tmp_path, *(png(scene(seed)) for seed in range(3)))
    new = store(tmp_path, png(scene(3)))
    decoded(old, tmp_path)

    num_decoded, found = decoded(old | new, tmp_path)

    assert 1 == num_decoded
    assert tuple(sorted(old | new)) == found.sha256s


def test_unreadable_files_are_named(tmp_path: Path) -> None:
    """A file that cannot be decoded is left out of the fingerprints, by name."""
    good, bad = png(scene(1)), jpeg(scene(2), quality=80)[:300]

    found = fingerprint_files(store(tmp_path, good, bad), cache=tmp_path)

    assert (sha256_of(good),) == found.sha256s
    assert frozenset({sha256_of(bad)}) == found.unreadable


@every_damage
def test_a_damaged_library_is_built_anew(
    tmp_path: Path, damage: Damage, caplog: pytest.LogCaptureFixture
) -> None:
    """A cut, empty or foreign file or a flipped bit costs time and a line, never a wrong answer."""
    files = store(tmp_path, png(scene(1)))
    _, first = decoded(files, tmp_path / "cache")
    (library,) = (tmp_path / "cache").iterdir()
    spoil(library, damage)

    num_decoded, found = decoded(files, tmp_path / "cache")

    assert (1, [f"{library}: damaged; it is made anew"]) == (num_decoded, caplog.messages)
    assert first.fingerprints.hashes_NVO.tolist() == found.fingerprints.hashes_NVO.tolist()
    assert (0, found.sha256s) == (decoded(files, tmp_path / "cache")[0], first.sha256s)


def test_killed_run_keeps_what_was_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that stops half way has lost no more than what came after its last save."""
    monkeypatch.setattr("pipeline.dedup.library._SAVE_EVERY", 2)
    files = store(tmp_path, *(png(scene(seed)) for seed in range(5)))

    def stop(done: int, total: int, note: str = "") -> None:
        del total, note
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fingerprint_files(files, cache=tmp_path / "cache", progress=stop)

    assert 1 == decoded(files, tmp_path / "cache")[0]


def test_an_image_is_taken_out(tmp_path: Path) -> None:
    """Its colours go, those of others stay as they are; libraries that nothing reads go whole."""
    project = Project(tmp_path)
    files = store(tmp_path, *(png(scene(seed)) for seed in range(3)))
    _, before = decoded(files, project.fingerprints)
    old = project.fingerprints / "fingerprints-1.npz"
    old.write_bytes(b"of an older format")
    gone, *kept = sorted(files)

    for copy in pixel_copies(project, {gone}):
        copy.remove()

    assert not old.exists()
    num_decoded, after = decoded({sha256: files[sha256] for sha256 in kept}, project.fingerprints)
    assert (0, before.sha256s[1:]) == (num_decoded, after.sha256s)
    assert 1 == decoded({gone: files[gone]}, project.fingerprints)[0]
