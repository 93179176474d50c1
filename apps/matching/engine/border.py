"""Where matches end: the border between matches and non-matches, read off the scores without labels."""

import numpy as np
from scipy.optimize import minimize

from .arrays import F64

VALLEY_WINDOW = (-6.0, 8.0)
VALLEY_WIDTH = 2.0
VALLEY_PAIRS = 50.0
HILL = 1.3
"""How much denser than the valley both hills must be."""
LEAST = 0.05
"""Pairs in a quarter of a bit below which nothing is a hill."""
SIGHT = 8.0
"""Bits on either side of a border that tell how steep it is."""
EVEN = float(np.log(2.0)) / 2
"""Steepness of either side where evidence is independent and matches and others are alike in spread."""
FLATTEST = 0.3
SHY = 30.0
"""How many accepted pairs it takes to believe a border between partners entirely."""


def valley(weight: F64) -> float:
    """Where between the two hills of non-matches and matches the fewest pairs lie, in bits around even odds.

    Evidence is never quite independent, so even odds may lie off the real border; the border itself is visible
    as the least dense place. With few pairs the answer tends to 0.
    """
    low, high = VALLEY_WINDOW
    bins = np.arange(low - 12, high + 56, 0.25)
    counts = np.histogram(weight, bins)[0].astype(np.float64)
    kernel = np.exp(-0.5 * (np.arange(-24, 25) * 0.25 / VALLEY_WIDTH) ** 2)
    density = np.convolve(counts, kernel / kernel.sum(), "same")
    middle = (bins[:-1] + bins[1:]) / 2
    inside = (middle >= low) & (middle <= high)
    # A faint preference for the centre settles ties on empty ground.
    cost = np.log1p(density) + 0.01 * np.abs(middle)
    place = int(np.flatnonzero(inside)[cost[inside].argmin()])
    if (
        middle[place] > high - 0.25
    ):  # the slope goes on beyond the window, as in large collections: down to its foot
        place += int(np.argmax(np.append(np.diff(density[place:]) >= 0, True)))
    at = float(middle[place])
    needed = max(HILL * float(density[place]), LEAST)
    if (
        min(float(density[middle > at].max(initial=0.0)), float(density[middle < at].max(initial=0.0)))
        < needed
    ):
        return 0.0  # not two hills, so no border between them
    seen = float(counts[(middle >= low) & (middle <= max(high, at))].sum())
    return at * seen / (seen + VALLEY_PAIRS)


def steepness(weight: F64, border: float) -> float:
    """How fast the log-odds of a match rise with the weight around a border; 1 where evidence is independent.

    To the left the pairs thin out as non-matches do, to the right they grow as matches do. Two exponentials fitted
    to both sides give the odds between them. Evidence that says one thing several times makes both sides flat. With
    few pairs the answer tends to 1.
    """
    edges = np.arange(border - SIGHT, border + SIGHT + 0.1, 0.5)
    counts = np.histogram(weight, edges)[0].astype(np.float64)
    x = (edges[:-1] + edges[1:]) / 2 - border

    def loss(theta: F64) -> float:
        falling, rising = np.exp(theta[0] - theta[1] * x), np.exp(theta[2] + theta[3] * x)
        expected = falling + rising + 1e-3
        away = (theta[[1, 3]] - EVEN) / EVEN
        return float((expected - counts * np.log(expected)).sum() + 0.5 * (away * away).sum())

    start = float(np.log(counts.mean() / 2 + 0.1))
    limits = [(-8.0, 15.0), (0.02, 1.5)] * 2
    found = minimize(loss, [start, EVEN, start, EVEN], method="L-BFGS-B", bounds=limits).x
    slope, seen = (found[1] + found[3]) / np.log(2.0), counts.sum()
    return float(np.clip((slope * seen + VALLEY_PAIRS) / (seen + VALLEY_PAIRS), FLATTEST, 1.0))
