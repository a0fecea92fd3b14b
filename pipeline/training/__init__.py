"""One honest loop: train any network, resume it exactly, and predict with it."""
