"""What concerns the people: who brings, reviews and has which pictures, and to whom credit is due.

contributions  a member's own pictures, added all at once or not at all
offers         what a member names: files, folders, patterns, addresses
intake         judges one picture: unfit, unwanted, had already, or one row more
place          takes the place where a photo was taken out of it
manifest_index all pictures of the team, by what manifests say
pointers       .dvc files of folders whose images are not at hand
dvc_cache      DVC's cache on this machine
object_store   the same and every remote, as a take-down reads and clears them
traces         what they keep of an image
dvc, git       what only these two can say
findings       a mistake, and the line that tells it
checks         mistakes in manifests and pointers
precedence     which of several copies stays
changes        what a branch may change
branch         a whole contribution, as CI sees it
mend           manifests and pointers that agree again after a merge
standing       added, here, committed, pushed
reviews        verdicts of members, written safely
agreement      how far two members agree
progress       the funnel from candidates to splits
delta          what a branch changes in it
roster         who has which characters, and one more
attribution    credits
forget, stale  take-down, and what must run again
"""
