"""The review page: quick human eyes on every picture, served on this machine only.

gallery   the pictures in hand and what the stages know about them
suspects  which of them to look at first
opinions  what the team says about them
shown     which of them a window shows, filtered and in order
desk      one member's decisions: checked, written, taken back
fresh     files read again only when they changed
thumbs    small copies of pictures, made once
guard     who may talk to the server: this browser, this page
uploads   pictures dropped on the page
app       the routes
server    from a free port to Ctrl-C
"""
