"""Time the same questions in both engines, and say what the times allow to say."""
