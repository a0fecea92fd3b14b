"""Pairs of images as `deduplicate` writes them, for tests of what comes after."""

from pipeline.records import Band, PairRow


def near_pair(one_sha256: str, other_sha256: str, *, window_bits: int = 70) -> PairRow:
    """Say that two images are near, and no copies; in the order of pairs.csv."""
    first, second = sorted((one_sha256, other_sha256))
    return PairRow(
        sha256=first,
        other_sha256=second,
        band=Band.NEAR,
        distance_bits=None,
        has_same_colours=False,
        window_bits=window_bits,
        is_mirrored=False,
        num_inliers=20,
        agreement=0.7,
        overlap=1.0,
    )
