"""One page that compares everything, in words a stranger understands."""
