"""What several architectures share: how pictures become tokens, attention, recurrent cells."""
