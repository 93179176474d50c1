"""Chromium for the browser tests: Debian's package, installed when we may."""

import os
import shutil
import subprocess
from collections.abc import Callable

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """Path of an installed Chromium: $MDM_CHROMIUM or one on the PATH."""
    return os.environ.get("MDM_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def why_no_chromium(report: Callable[[str], None]) -> str:
    """Install Chromium when it is missing and we are root; return "" or why browser tests cannot run."""
    if chromium():
        return ""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "Chromium is not installed; Debian: apt install chromium, elsewhere set MDM_CHROMIUM"
    report("installing Chromium through apt for the browser tests, one to three minutes")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"]
    for attempt in ([install], [["apt-get", "update", "-qq"], install]):
        for command in attempt:
            done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if chromium():
            return ""
    return f"apt could not install Chromium: {(done.stderr or done.stdout).strip()[-300:]}"
