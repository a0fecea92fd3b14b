"""The embedded source: draws stand-in pictures of any character, offline and by code alone.

A picture is a pure function of its address. The list is as messy as the web: copies, wrong
characters and dead addresses are in it, and `truth` knows which.

    dice       randomness that depends on the address alone
    plan       what each address holds
    looks      who looks how; hair, outfits, ornaments
    figure     one character in one pose
    backdrops, overlays, light
    picture    all of these in one sketch, painted as pixels or as labels
    files      its file: format and quality
    copies     what others do to it
    dead       answers without a picture
    adapter    the studio as a web server for `requests`
    listing    its search
    truth      what it knows about its pictures
"""

from pipeline.collect.sources.studio.adapter import StudioAdapter
from pipeline.collect.sources.studio.listing import candidates
from pipeline.collect.sources.studio.truth import Truth, truth

__all__ = ["StudioAdapter", "Truth", "candidates", "truth"]
