"""What the local pages share, those of `review` and of `serve`.

gate      which requests come through: of this host, from this page
body      the body of a request, never more than allowed
deadline  how long a request may take to arrive
server    from a free port to Ctrl-C
"""
