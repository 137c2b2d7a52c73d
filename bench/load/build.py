"""Builds the generator's native modules beside their sources, when a source or a header of the core is newer."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import sysconfig
from pathlib import Path

__all__ = ["build"]

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")


def build() -> None:
    """Does nothing when nothing is to be done. Raises CalledProcessError when the compiler fails."""
    with Path(__file__).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one at a time in one checkout
        if _stale():
            subprocess.run([sys.executable, str(HERE / "build.py")], check=True, cwd=ROOT)


def _stale() -> bool:
    headers = [*HERE.glob("*.pxd"), *(ROOT / "core/conclave/core").glob("*.pxd"), Path(__file__)]
    newest = max(path.stat().st_mtime_ns for path in headers)
    for source in HERE.glob("*.pyx"):
        made = source.with_suffix(SUFFIX)
        if not made.exists() or made.stat().st_mtime_ns < max(newest, source.stat().st_mtime_ns):
            return True
    return False


def _compile() -> None:
    from Cython.Build import cythonize
    from setuptools import Extension, setup

    sys.path.insert(0, str(ROOT))
    directives = {
        "language_level": 3,
        "boundscheck": False,
        "wraparound": False,
        "cdivision": True,
        "initializedcheck": False,
    }
    flags = ["-O2", "-fno-strict-aliasing", "-Wno-unused-function", "-Wno-unused-variable"]
    modules = [
        Extension(f"load.{source.stem}", [str(source)], libraries=["crypto", "z"], extra_compile_args=flags)
        for source in sorted(HERE.glob("*.pyx"))
    ]
    setup(
        name="load",
        script_args=["--quiet", "build_ext", "--inplace", "--force", f"--build-temp={ROOT / 'build/load'}"],
        package_dir={"": "bench"},
        ext_modules=cythonize(
            modules,
            include_path=[str(ROOT / "core"), str(HERE.parent)],
            build_dir=str(ROOT / "build/load"),
            compiler_directives=directives,
            force=True,
            quiet=True,
            nthreads=2,
        ),
        options={"build_ext": {"parallel": "2"}},
    )


if __name__ == "__main__":
    _compile()
