"""Version 1: additive changes only."""
