"""The command `disney`: what members and readers type. Heavy imports happen inside commands.

app       the command itself, its help and version
progress  who has how many
collect   run the stages that collect, again where wanted
rights    attribution and take-down
"""

from pipeline.cli import collect, progress, rights
from pipeline.cli.app import app, main

__all__ = ["app", "collect", "main", "progress", "rights"]
