"""How good a classifier is, and how sure we are: every number comes from predictions.csv."""
