"""Single pictures: bytes to pixels or a reason, and perceptual hashes."""
