"""Keys come from the environment and are shown to nobody."""

from pipeline.collect.keys import Keys


def test_reads_the_environment():
    """Blanks around a pasted key do not count; what is not there is empty."""
    keys = Keys.of({"FLICKR_API_KEY": " abc\n", "OPENVERSE_CLIENT_ID": "id", "HOME": "/root"})

    assert Keys(flickr="abc", openverse_id="id", openverse_secret="") == keys


def test_are_not_shown():
    """Neither a message nor a traceback that prints them has a key in it."""
    keys = Keys(flickr="abc", openverse_id="def", openverse_secret="ghi")  # noqa: S106 - of nobody

    assert "Keys()" == repr(keys) == str(keys)
