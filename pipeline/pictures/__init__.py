"""Single pictures: bytes to pixels or a reason, perceptual hashes, and measures of quality."""
