"""The review queue: candidate pairs that rules cannot decide."""
