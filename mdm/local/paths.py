"""Where local state lives: the home folder, the short socket folder and local secrets (stdlib only)."""

import base64
import hashlib
import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """Folder of all local state, `$MDM_HOME` or `<checkout>/.mdm`."""
    return Path(os.environ.get("MDM_HOME") or ROOT / ".mdm").resolve()


def cache() -> Path:
    """Folder of what tests download and prepare once, `$MDM_CACHE` or `cache` in the home folder."""
    return Path(os.environ.get("MDM_CACHE") or home() / "cache").resolve()


def short_hash(path: Path) -> str:
    """Ten hex digits that stand for a folder in names outside of it."""
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]


def socket_folder(state: Path | None = None) -> Path:
    """Folder of the unix sockets; short, because a socket path is limited to 107 bytes."""
    return Path("/tmp") / f"mdm-{short_hash(state or home())}"  # noqa: S108 - made 0700 by its creator


def database_url(state: Path | None = None, name: str = "mdm") -> str:
    """Address of the embedded PostgreSQL."""
    return f"postgres://mdm@/{name}?host={socket_folder(state)}/pg"


def broker_url(state: Path | None = None) -> str:
    """Address of the embedded broker for Celery."""
    return f"redis+socket://{socket_folder(state)}/broker.sock"


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    draft.replace(path)


def local_secret(name: str) -> str:
    """Urlsafe base64 of 32 random bytes, made at first use and kept in `<home>/secrets/<name>` (0600)."""
    path = home() / "secrets" / name
    if not path.exists():
        write_private(path, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text().strip()
