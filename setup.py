"""Builds what packaging metadata alone cannot: the Cython extensions and the protobuf modules."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, find_namespace_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
CORE = ROOT / "core"
SERVICES = ROOT / "services"
PROTO = ROOT / "proto"
JOBS = int(os.environ.get("CONCLAVE_BUILD_JOBS", os.cpu_count() or 1))

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "freethreading_compatible": True,
}


def has_header(header: str) -> bool:
    """Tells whether the compiler finds a C header, so that an optional backend may be built."""
    compiler = os.environ.get("CC", "cc")
    probe = [compiler, "-E", "-x", "c", "-", "-o", os.devnull]
    result = subprocess.run(probe, input=f"#include <{header}>".encode(), capture_output=True, check=False)
    return result.returncode == 0


def extensions() -> list[Extension]:
    """One extension a `.pyx`, named from its path (DESIGN: a flat mapping does not work)."""
    macros: list[tuple[str, str | None]] = []
    libraries = ["crypto"]
    if platform.machine() == "x86_64" and has_header("intel-ipsec-mb.h"):
        macros.append(("CONCLAVE_HAVE_IPSEC_MB", "1"))
        libraries.append("IPSec_MB")
    flags = ["-O3", "-g1", "-fno-strict-aliasing", "-Wall", "-Wno-unused-function", "-Wno-unused-variable"]
    links: list[str] = []
    if os.environ.get("CONCLAVE_SANITIZE"):
        flags += [f"-fsanitize={os.environ['CONCLAVE_SANITIZE']}", "-fno-omit-frame-pointer"]
        links += [f"-fsanitize={os.environ['CONCLAVE_SANITIZE']}"]
    headers = sorted(CORE.rglob("*.h"))
    return [
        Extension(
            ".".join(source.relative_to(CORE).with_suffix("").parts),
            [str(source.relative_to(ROOT))],
            libraries=libraries,
            define_macros=macros,
            # What is named here travels in the source distribution; Cython itself follows the `.pxd` files.
            depends=[str(path.relative_to(ROOT)) for path in (source, *headers)],
            extra_compile_args=flags,
            extra_link_args=links,
        )
        for source in sorted(CORE.rglob("*.pyx"))
    ]


def packages() -> list[str]:
    """Every package below the three import roots; the namespace `conclave` itself belongs to none of them."""
    roots = {CORE: ["conclave.core*"], SERVICES: ["conclave.client*", "conclave.services*"], PROTO: ["conclave.*"]}
    found = [name for root, own in roots.items() for name in find_namespace_packages(str(root), include=own)]
    return [name for name in found if ".static" not in name]


def generate_protos() -> None:
    """Generates the Python modules beside the `.proto` files, only when one of them is newer."""
    sources = sorted(PROTO.rglob("*.proto"))
    outputs = [source.with_name(source.stem + "_pb2.py") for source in sources]
    newest = max(source.stat().st_mtime for source in sources)
    if all(output.exists() and output.stat().st_mtime >= newest for output in outputs):
        return
    scripts = Path(sys.executable).parent
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
    names = [str(source.relative_to(PROTO)) for source in sources]
    for plugin in ("protoc-gen-mypy", "protoc-gen-mypy_grpc"):
        if shutil.which(plugin, path=path) is None:
            raise SystemExit(f"{plugin} is missing; install the build requirements of pyproject.toml")
    outputs_of = {"python": "", "grpc_python": "", "mypy": "quiet:", "mypy_grpc": "quiet:"}
    arguments = [f"--{plugin}_out={options}{PROTO}" for plugin, options in outputs_of.items()]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", str(PROTO), *arguments, *names]
    subprocess.run(command, check=True, cwd=PROTO, env={**os.environ, "PATH": path})


class BuildWithProtos(build_py):
    """Generates the protobuf modules before the packages are collected."""

    def run(self) -> None:
        generate_protos()
        super().run()


generate_protos()
setup(
    packages=packages(),
    ext_modules=cythonize(
        extensions(),
        include_path=[str(CORE)],
        compiler_directives=DIRECTIVES,
        nthreads=JOBS,
    ),
    options={"build_ext": {"parallel": str(JOBS)}},
    cmdclass={"build_py": BuildWithProtos},
)
