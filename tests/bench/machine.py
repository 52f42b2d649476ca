"""What it was measured on: ratios travel better than numbers, but not everywhere."""

from __future__ import annotations

import datetime
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("cryptography", "msgspec", "pluggy", "prompt_toolkit", "uvloop")


def describe_machine() -> str:
    """Date, processor, cores, system, Python and libraries, in one line."""
    installed = [f"{name} {found}" for name in LIBRARIES if (found := _version(name)) is not None]
    return (
        f"{datetime.datetime.now(datetime.UTC).date()}, {_processor()}, {os.cpu_count()} cores, "
        f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}, "
        f"{', '.join(installed)}"
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
