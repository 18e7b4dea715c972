"""What samples allow to say: medians with intervals, noise, warm-up, curves, crossings. Pure functions."""
