"""From kept images to batches: split, pack, transforms, loader."""
