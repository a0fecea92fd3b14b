"""Collecting: from a character's name to distinct good images, each with its origin."""
