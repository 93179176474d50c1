"""A hundred kills while two thousand approved changes go to two targets; and what the schedule of kills promises."""

import os
import subprocess
import sys
import time

import pytest

from tests.distribution.kills.schedule import VICTIMS, strikes_of
from tests.house.code import ROOT


def test_the_seed_makes_the_schedule() -> None:
    strikes = strikes_of(7, kills=100, gap=2.0)
    assert strikes == strikes_of(7, kills=100, gap=2.0)
    assert strikes != strikes_of(8, kills=100, gap=2.0)
    kills = [strike.victim for strike in strikes if strike.victim]
    assert len(kills) == 300
    assert kills.index("broker wipe") == 45
    assert kills.count("broker wipe") == 1
    assert set(kills) == {*VICTIMS, "broker wipe"}


@pytest.mark.full
def test_a_hundred_kills_lose_nothing_and_do_nothing_twice(capsys: pytest.CaptureFixture[str]) -> None:
    seed = os.environ.get("MDM_KILL_SEED") or str(int(time.time()))
    command = [sys.executable, "-m", "tests.distribution.kills", "--seed", seed]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    with (
        capsys.disabled()
    ):  # the seed and the table are told whatever the outcome; of a worker only stderr is heard
        sys.stderr.write(done.stdout)
    assert done.returncode == 0, f"seed {seed}\n{done.stdout}\n{done.stderr[-3000:]}"
