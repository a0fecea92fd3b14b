"""Where a member's own pictures stand."""

import shutil

from pipeline.params import load_params
from pipeline.team.standing import Standing, standings
from tests.team.clones import Clone


def standing(clone: Clone) -> Standing:
    """Look at the one shelf."""
    (found,) = standings(clone.project, load_params(clone.project))
    return found


def test_from_added_to_pushed(lead: Clone):
    """What to do next is said until nothing is left."""
    lead.add(1, 2)
    first = standing(lead)
    lead.dvc("push")
    lead.commit()

    assert (2, 2, "no", "no") == (first.pictures, first.here, first.committed, first.pushed)
    assert "dvc push data/contributions/na/ariel.dvc" == first.next
    then = standing(lead)
    assert ("yes", "yes", "") == (then.committed, then.pushed, then.next)


def test_without_git_and_dvc(make_project):
    """What nobody can know is a dash; images that were not pulled are not here."""
    clone = Clone(make_project())
    clone.add(1)
    shutil.rmtree(clone.shelf().folder)

    found = standing(clone)

    assert (1, 0, "-", "-", "") == (
        found.pictures,
        found.here,
        found.committed,
        found.pushed,
        found.next,
    )
    clone.shelf().journal.write_text("{}")
    assert "disney contribute mend --as na" == standing(clone).next
