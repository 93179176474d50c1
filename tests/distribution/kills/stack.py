"""The whole hub as `manage.py up` starts it, in a home of its own, with targets that keep what they were given."""

import sys
from pathlib import Path

from mdm.local.programs import Program, accepts
from mdm.local.stack import Stack

# A kill leaves the operating system alive, so nothing has to reach the disk; every commit must reach the kernel.
KILLED_NOT_UNPLUGGED = {
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "on",
}


class SeriesStack(Stack):
    """A stack whose sandbox targets are those of `target.py`."""

    def _sandbox(self, system: str, port: int) -> Program:
        return Program(
            f"sandbox-{system}",
            [
                sys.executable,
                "-m",
                "tests.distribution.kills.target",
                system,
                str(port),
                str(store_of(self.state, system)),
            ],
            self.env,
            self.state / f"log/sandbox-{system}.log",
            lambda: accepts("127.0.0.1", port),
        )


def store_of(state: Path, system: str) -> Path:
    return state / f"sandbox-{system}.sqlite"
