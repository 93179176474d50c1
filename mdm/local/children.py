"""Starting children that never outlive their parent, and the account they run as."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


class LocalServiceError(Exception):
    """A local service cannot start; the text says why and what to do."""


def die_with_parent(sign: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn` by which the kernel sends `sign` to the child when the starting thread ends."""
    parent = os.getpid()

    def prepare() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_PR_SET_PDEATHSIG, int(sign))
            if os.getppid() != parent:  # the parent went before the request was in place
                os._exit(1)

    return prepare


def unprivileged_account() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs as when we are root (it refuses root), else None: as ourselves."""
    if os.geteuid() != 0:
        return None
    wanted = os.environ.get("MDM_PG_USER")
    for name in [wanted] if wanted else ["postgres", "nobody"]:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        if account.pw_uid != 0:
            return account
    raise LocalServiceError(
        f"PostgreSQL cannot run as root and there is no account {wanted or 'postgres or nobody'}: "
        "name one in MDM_PG_USER"
    )


def run_as(
    account: pwd.struct_passwd | None, command: Sequence[str | Path], *, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a short command as `account` (None: as ourselves) in "/" and capture its words."""
    return subprocess.run(
        [str(part) for part in command],
        env=env,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
    )


def spawn(
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    account: pwd.struct_passwd | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    cwd: Path | str = "/",
) -> subprocess.Popen[bytes]:
    """Start a child in its own session with its output appended to `log`.

    Call it from the main thread: the kernel ties the child's life to the starting thread.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "ab", opener=_privately) as output:
        return subprocess.Popen(
            [str(part) for part in command],
            env=env,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=die_with_parent(death_signal),
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )


def _privately(path: str, flags: int) -> int:
    """An `opener` for files only we may read: logs tell who did what."""
    handle = os.open(path, flags, 0o600)
    os.fchmod(handle, 0o600)
    return handle


def started_at(pid: int) -> str:
    """When a process started, in clock ticks since boot, "" when it is gone or a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == "Z" else fields[19]


def own_folder(path: Path, *, mode: int, account: pwd.struct_passwd | None = None) -> Path:
    """Create a folder, or take one that is ours; set its owner and mode, never those of its parents."""
    path.mkdir(parents=True, exist_ok=True, mode=mode)
    owner = account.pw_uid if account else os.geteuid()
    found = path.lstat()
    if path.is_symlink() or found.st_uid not in (owner, os.geteuid()):
        raise LocalServiceError(f"{path} belongs to another user: run as that user or set another MDM_HOME")
    if account and found.st_uid != owner:
        os.chown(path, owner, account.pw_gid)
    path.chmod(mode)
    return path
