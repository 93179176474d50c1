"""Runs a supervisor with two small children: `python parent.py STATE [--stubborn | --deaf]`."""

import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mdm.local.children import LocalServiceError, spawn
from mdm.local.supervisor import Supervisor, signals_interrupt

CHILD = """
import signal, sys, time
name, marks, stubborn = sys.argv[1], sys.argv[2], sys.argv[3] == "True"
def mark(what):
    with open(marks, "a") as stream:
        stream.write(name + " " + what + chr(10))
def stop(*_):
    mark("stopped")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else stop)
mark("started")
while True:
    time.sleep(0.05)
"""


@dataclass
class Child:
    """A child that notes its start and stop in `<state>/marks`; a deaf one minds the end of its parent as little."""

    name: str
    state: Path
    stubborn: bool = False
    deaf: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 1.0

    @property
    def log(self) -> Path:
        return self.state / f"log/{self.name}.log"

    def prepare(self) -> None:
        pass

    def spawn(self) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-c",
            CHILD,
            self.name,
            str(self.state / "marks"),
            str(self.stubborn or self.deaf),
        ]
        death = signal.SIGKILL if self.stubborn else signal.SIGTERM
        return spawn(command, log=self.log, death_signal=death)

    def ready(self) -> bool:
        return f"{self.name} started" in (self.state / "marks").read_text()


def main(state: Path, stubborn: bool, deaf: bool) -> int:
    (state / "marks").touch()
    try:
        with (
            signals_interrupt(),
            Supervisor(state, lambda text: print(text, flush=True), grace_seconds=1.0) as boss,
        ):
            boss.start(Child("store", state), stage=1)
            boss.start(Child("program", state, stubborn=stubborn, deaf=deaf), stage=2)
            print("all up", flush=True)
            boss.watch()
    except LocalServiceError as problem:
        print(f"refused: {problem}", flush=True)
        return 1
    except KeyboardInterrupt:
        print("stopped", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--stubborn" in sys.argv, "--deaf" in sys.argv))
