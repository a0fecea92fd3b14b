"""The page that says who is in a picture, and the same for programs.

question  one picture out of a request: raw bytes, or a file of a form
rate      how often one client may ask
seer      what is answered: the object of `disney predict`, and a heat map
app       the routes
server    from a free port to Ctrl-C
"""
