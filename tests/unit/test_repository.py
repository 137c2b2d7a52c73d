"""The repository's own order: what stands at the top, and that what is installed is pinned."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOP = {
    ".ci",
    ".editorconfig",
    ".gitignore",
    ".pre-commit-config.yaml",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "appliance",
    "bench",
    "core",
    "proto",
    "pyproject.toml",
    "services",
    "setup.py",
    "tests",
}


def tracked() -> list[Path]:
    """Every file that git knows."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in names.split("\0") if name]


def project_name(requirement: str) -> str:
    """The name of a requirement as PEP 503 writes it."""
    match = re.match(r"[\w.-]+", requirement)
    assert match, requirement
    return re.sub(r"[-_.]+", "-", match[0]).lower()


def pinned(name: str) -> dict[str, str]:
    """The versions of a list of pinned packages."""
    lines = [line for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]
    return {project_name(line): line.partition("==")[2] for line in lines}


def test_nothing_else_stands_at_the_top() -> None:
    assert {path.parts[0] for path in tracked()} <= TOP


def test_what_is_wanted_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, test = pinned("appliance/requirements.txt"), pinned("tests/requirements.txt")
    demo, bench = pinned("appliance/requirements-demo.txt"), pinned("bench/requirements.txt")
    optional = project["project"]["optional-dependencies"]
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"], *optional["web"]]
    assert {project_name(requirement) for requirement in wanted} - set(run) == set()
    assert {project_name(requirement) for requirement in optional["dev"]} - set(run) - set(test) == set()
    assert {project_name(requirement) for requirement in optional["client"]} - set(demo) == set()
    assert all(re.fullmatch(r"[\w.]+", version) for each in (run, demo, test, bench) for version in each.values())
    assert len({*run, *demo, *test, *bench}) == len(run) + len(demo) + len(test) + len(bench)


def test_no_lock_names_a_registry() -> None:
    lists = [f"{name}.txt" for name in ("appliance/requirements", "appliance/requirements-demo", "tests/requirements")]
    for name in (*lists, "bench/requirements.txt"):
        assert "://" not in (ROOT / name).read_text(), name
    packages = json.loads((ROOT / "services/web/package-lock.json").read_text())["packages"]
    assert len(packages) > 10
    assert [name for name, package in packages.items() if "resolved" in package] == []
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
