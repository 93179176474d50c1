"""Builds the project's virtual environment and continues inside it; standard library only.

Environment: MDM_NO_VENV=1 uses the running interpreter as it is (an image with everything installed).
"""

from __future__ import annotations  # an old Python must get as far as saying that it is too old

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
OLDEST, NEWEST = (3, 11), (3, 13)
LOCKS = {"runtime": ROOT / "mdm/requirements.lock", "dev": ROOT / "mdm/requirements-dev.lock"}
UNFINISHED = VENV / "mdm-unfinished"  # a killed installation leaves it: such a .venv is built anew
INSTALLER_LOCK = ROOT / "mdm/requirements-installer.lock"
# pip's option: the environment variable by which uv takes the same value
UV_NAMES = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}


class BootstrapError(Exception):
    """Says what is wrong and what to do about it."""


def say(text: str) -> None:
    print("[setup] " + text, file=sys.stderr, flush=True)


def enter(kind: str) -> None:
    """Return inside the project's interpreter with the packages of `kind` ("runtime" or "dev") installed.

    Any other interpreter is replaced by it (exec), with the same arguments.
    """
    if os.environ.get("MDM_NO_VENV"):
        return
    inside = Path(sys.prefix).resolve() == VENV.resolve()
    if inside and (kind == "runtime" or is_current(kind)):
        return
    try:
        if not inside:
            leave_unfit_python()
        make_ready(kind)
    except BootstrapError as problem:
        raise SystemExit("manage.py cannot set itself up: " + str(problem)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if not inside:
        keep_bytecode_apart()
        os.execv(str(VENV / "bin/python"), [str(VENV / "bin/python"), *sys.argv])


def keep_bytecode_apart() -> None:
    """Where bytecode is unwanted beside the sources it goes into .venv: six processes compile it otherwise."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(VENV / "bytecode"))


def leave_unfit_python() -> None:
    """Continue under another installed Python when the running one is too old or too new."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        other = shutil.which(f"python3.{minor}")
        if (
            other
            and subprocess.run(
                [other, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
            ).returncode
            == 0
        ):
            os.execv(other, [other, *sys.argv])
    raise BootstrapError(
        f"it needs Python {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]} and this is "
        f"{sys.version.split()[0]}. Install one, then run it again (Debian 12: apt install python3-venv)."
    )


def answers(*command: str) -> bool:
    """True when a program starts and is content with its arguments."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def make_ready(kind: str) -> None:
    """Bring .venv to the state of the lock file; one run at a time."""
    if venv_works() and is_current(kind):
        return
    with only_one():
        if not venv_works() or UNFINISHED.exists():
            create_venv()
        if not is_current(kind):
            began = time.monotonic()
            say(f"installing packages ({kind}) into .venv, one to three minutes the first time")
            UNFINISHED.touch()
            install(LOCKS[kind])
            mark_current(kind)
            UNFINISHED.unlink()
            say(f"packages ready after {time.monotonic() - began:.0f} s")


@contextmanager
def only_one() -> Iterator[None]:
    handle = os.open(str(ROOT / ".venv.lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another run is setting up .venv, waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fingerprint(kind: str) -> str:
    return hashlib.sha256(LOCKS[kind].read_bytes()).hexdigest()


def stamp(kind: str) -> Path:
    return VENV / (f"mdm-{kind}.stamp")


def is_current(kind: str) -> bool:
    try:
        return stamp(kind).read_text() == fingerprint(kind)
    except OSError:
        return False


def mark_current(kind: str) -> None:
    for name in {kind, "runtime"}:  # the development lock holds all of the runtime lock
        stamp(name).write_text(fingerprint(name))


def venv_works() -> bool:
    """True when .venv's interpreter starts and is of a version the lock is for."""
    probe = "import sys; print(*sys.version_info[:2])"
    try:
        out = subprocess.run(
            [str(VENV / "bin/python"), "-c", probe], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return False
    return OLDEST <= tuple(int(part) for part in out.split()) <= NEWEST


def create_venv() -> None:
    say(f"creating .venv with Python {sys.version.split()[0]}")
    try:
        import venv
    except ImportError:
        raise BootstrapError("Python's venv module is missing. Debian: apt install python3-venv") from None
    try:
        import ensurepip  # noqa: F401 - Debian ships it in a package of its own
    except ImportError:
        with_pip = False
    else:
        with_pip = True
    try:
        venv.EnvBuilder(clear=True, symlinks=True, with_pip=with_pip).create(str(VENV))
    except (OSError, subprocess.CalledProcessError) as problem:
        raise BootstrapError(f"creating {VENV} failed: {problem}") from None


def pip_command() -> list[str]:
    """pip of the venv, else the host's pip working on the venv (a Debian without python3-venv)."""
    own = [str(VENV / "bin/python"), "-m", "pip"]
    host = [sys.executable, "-m", "pip", "--python", str(VENV / "bin/python")]
    for command in (own, host):
        if answers(*command, "--version"):
            return command
    raise BootstrapError(
        "there is no pip. Debian: apt install python3-venv (or python3-pip), then run again."
    )


def install(lock: Path) -> None:
    """Install a hashed lock file with uv; with pip where uv does not run."""
    pip = pip_command()
    quiet = ["--disable-pip-version-check", "--no-input"]
    hashed = ["install", "--require-hashes", *quiet]
    uv = VENV / "bin/uv"
    if not uv.exists():
        run([*pip, *hashed, "--quiet", "--only-binary", ":all:", "-r", str(INSTALLER_LOCK)])
    if uv.exists():
        command = [str(uv), "pip", "install", "--python", str(VENV / "bin/python"), "--require-hashes"]
        if run([*command, "-r", str(lock)], env=uv_environment(pip)):
            return
        say("uv did not succeed, trying pip")
    if not run([*pip, *hashed, "--progress-bar", "on", "-r", str(lock)]):
        raise BootstrapError(
            "installing packages failed, the lines above say why. Without network access give pip a package "
            "folder: PIP_FIND_LINKS=/folder/of/wheels PIP_NO_INDEX=1 python3 manage.py ..."
        )


def run(command: list[str], env: dict[str, str] | None = None) -> bool:
    return subprocess.run(command, env=env, cwd=str(ROOT), check=False).returncode == 0


def uv_environment(pip: list[str]) -> dict[str, str]:
    """The environment for uv with what pip is configured to use: uv reads none of pip's configuration."""
    env = dict(
        os.environ, UV_NO_PROGRESS=os.environ.get("UV_NO_PROGRESS", "" if sys.stderr.isatty() else "1")
    )
    options = pip_options(pip)
    for option, variable in UV_NAMES.items():
        if option in options:
            separator = "," if option == "find-links" else " "
            env.setdefault(variable, separator.join(options[option].split()))
    if "cert" in options:
        env.setdefault("SSL_CERT_FILE", options["cert"])
    if options.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        env.setdefault("UV_NO_INDEX", "1")
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")  # pip's way of choosing among indexes
    env.pop("VIRTUAL_ENV", None)
    return env


def pip_options(pip: list[str]) -> dict[str, str]:
    """pip's effective options by their long name; its own section outranks [global], the environment both."""
    listed = subprocess.run(
        [*pip, "config", "list"],
        capture_output=True,
        text=True,
        check=False,
        env=dict(os.environ, COLUMNS="9999"),
    ).stdout
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in found:
            found[section][option] = unquote(value)
    return {**found["global"], **found["install"], **found[":env:"]}


def unquote(value: str) -> str:
    try:
        return str(json.loads(value.replace("'", '"')))
    except ValueError:
        return value.strip("'\"")
