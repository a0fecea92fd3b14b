"""What all studies share: the grid of runs, the pictures, the rules of a verdict, the figures."""
