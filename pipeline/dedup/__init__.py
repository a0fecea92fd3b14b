"""Duplicates: every image once, and nothing thrown away that is not a copy.

gather       all images in hand, each with its file
verdicts     what members say about them
border       where a picture ends and its plain border begins
fingerprint  what of a picture is compared; `library` keeps fingerprints between runs
search       who is near whom by perceptual hash
verify       whether two that are near agree in colour, too
groups       who is kept
"""
