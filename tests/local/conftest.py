"""Short state folders and children of the local-service tests."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mdm.local.paths import socket_folder


@pytest.fixture
def state() -> Iterator[Path]:
    """A home folder PostgreSQL's account can walk to; pytest's own temporary folders are private."""
    folder = Path(tempfile.mkdtemp(prefix="mdm-local-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(socket_folder(folder), ignore_errors=True)
