"""What is known of every image: all files of facts, read once, joined by sha256.

catalog      manifests, reviews, denials, groups, pairs and split, each read when it is asked for
manifests    where manifests lie, and what their rows must say
file_checks  whether the files are what the rows say
reviews      what members say about images, and what holds where they disagree
denied       what is never collected again
licences     licences by one name each, and which of them are wanted
rights       sources, licences and authors of what is kept
"""
