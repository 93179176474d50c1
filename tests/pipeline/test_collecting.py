"""The garbage collector is held back while a batch is worked on, and works again afterwards."""

import gc

import pytest

from apps.core.collecting import collector_held


def test_collector_is_held_until_the_outermost_block_ends() -> None:
    assert gc.isenabled()
    with collector_held():
        with collector_held():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_collector_works_again_after_a_failure() -> None:
    with pytest.raises(ValueError, match="broken"), collector_held():
        raise ValueError("broken")
    assert gc.isenabled()


def test_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with collector_held():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
