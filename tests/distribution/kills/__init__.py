"""A series of kills while approved changes are on their way: `python -m tests.distribution.kills --seed N`."""
