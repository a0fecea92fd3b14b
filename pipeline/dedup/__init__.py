"""Duplicates: every image once, and nothing thrown away that is not a copy.

border       where a picture ends and its plain border begins
fingerprint  what of a picture is compared; `library` keeps fingerprints between runs
windows      wide hashes of crops, in `fingerprint`, too; so is `sharpness`
search       who is near whom by perceptual hash
candidates   who is near whom in any window; `bands` makes it fast
features     whether two can be laid over each other; `evidence` keeps what was seen
colours      whether two have the same colours, cell by cell
quality      which pictures are poor, by measures that are taken with the fingerprint
verify       who is a copy of whom, and who is near, by all evidence
groups       who is kept, of equals the freer (`freedom`); `conflicts`: under two characters
families     what one split must hold
listing      what was found, for people, also as a page; `lookup` asks about one more picture
"""
