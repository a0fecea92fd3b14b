"""The command `disney`: what members and readers type. Heavy imports happen inside commands.

app         the command itself, its help and version
progress    who has how many
team        who has which characters, and one character more
contribute  members' own pictures
collect     run the stages that collect, again where wanted
duplicates  what is a copy of what
rights      attribution and take-down
review      the page to look at every picture
predict     who is in a picture
serve       a page that says who is in a picture
export      networks and pictures for other software
"""

from pipeline.cli import (
    collect,
    contribute,
    duplicates,
    export,
    predict,
    progress,
    review,
    rights,
    serve,
    team,
)
from pipeline.cli.app import app, main

__all__ = [
    "app",
    "collect",
    "contribute",
    "duplicates",
    "export",
    "main",
    "predict",
    "progress",
    "review",
    "rights",
    "serve",
    "team",
]
