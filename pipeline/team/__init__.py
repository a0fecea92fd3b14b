"""What concerns the people: who has collected what."""
