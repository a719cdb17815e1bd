"""The house keeps its own rules: floors, lower floors of the standard library alone, size, docstrings, start-up."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "digestbot"
MODULES = sorted(PACKAGE.rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
LOWER_FLOORS = ("domain", "editorial", "pipeline", "ports", "commands.py", "commands")
WITH_NUMPY = ("editorial", "pipeline", "ports")
BANNED_NAMES = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc"}
EXCEPT_EXCEPTION = {"runtime/dispatch.py", "commands/dispatch.py", "pipeline/defects.py"}
LONGEST_FUNCTION = 50
LONGEST_MODULE = 450


def named(path: Path) -> str:
    """Return a module's path within the package, for test ids and messages."""
    return path.relative_to(PACKAGE).as_posix() if path.is_relative_to(PACKAGE) else path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield every function of a module, methods and inner ones included."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def parse(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def catches_all(handler: ast.ExceptHandler) -> bool:
    """Tell whether a handler catches everything and does not raise it again after tidying up."""
    names = {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {"all"}
    last = handler.body[-1]
    raises = isinstance(last, ast.Raise) and last.exc is None
    return bool(names & {"all", "Exception", "BaseException"}) and not raises


def test_floors_hold():
    """import-linter proves that every import goes to a floor below and stays in its room."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_lower_floors_import_the_standard_library_only(path):
    """Domain, editorial, ports, pipeline and commands import the standard library, ourselves and (some) numpy."""
    floor = path.relative_to(PACKAGE).parts[0]
    if floor not in LOWER_FLOORS:
        return
    allowed = sys.stdlib_module_names | {"digestbot"} | ({"numpy"} if floor in WITH_NUMPY else set())
    for node in ast.walk(parse(path)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        foreign = {name.partition(".")[0] for name in names} - allowed
        assert not foreign, f"{named(path)} imports {foreign}"


@pytest.mark.parametrize("path", MODULES + TESTS, ids=named)
def test_every_module_says_what_it_is_for(path):
    """Every module begins with a docstring."""
    assert path.name == "__init__.py" or ast.get_docstring(parse(path)), f"{named(path)} has no docstring"


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_sizes(path):
    """No function is over 50 lines and no module over about 400."""
    source = path.read_text(encoding="utf-8")
    assert source.count("\n") <= LONGEST_MODULE, f"{named(path)} has {source.count(chr(10))} lines"
    if "migrations/versions" in named(path):
        return  # a migration is a list of tables, written once and never changed
    for node in functions(ast.parse(source)):
        assert body_lines(node) <= LONGEST_FUNCTION, f"{named(path)}:{node.name} has {body_lines(node)} lines"


def test_no_room_is_named_for_nothing():
    """No module is called utils, helpers, common, base or manager."""
    assert not [named(path) for path in MODULES if path.stem in BANNED_NAMES]


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_faults_never_pass_silently(path):
    """``except Exception`` stands at three boundaries only, and no ``type: ignore`` without code and reason."""
    source = path.read_text(encoding="utf-8")
    if named(path) not in EXCEPT_EXCEPTION:
        caught = [h for h in ast.walk(ast.parse(source)) if isinstance(h, ast.ExceptHandler) and catches_all(h)]
        assert not caught, f"{named(path)}:{[handler.lineno for handler in caught]}"
    for line in source.splitlines():
        if "# type: ignore" in line:
            assert re.search(r"# type: ignore\[[\w, -]+\]\s+#? ?\S+", line), f"{named(path)}: {line.strip()}"


@pytest.mark.parametrize("path", TESTS, ids=named)
def test_every_test_states_its_claim(path):
    """Every test function has a docstring."""
    bare = [f.name for f in functions(parse(path)) if f.name.startswith("test_") and not ast.get_docstring(f)]
    assert not bare, f"{named(path)}: {bare}"


def test_the_command_line_starts_light():
    """``import digestbot.cli`` loads neither torch nor transformers nor discord nor slack_bolt."""
    code = (
        "import sys, digestbot.cli; "
        "print([m for m in ('torch', 'transformers', 'discord', 'slack_bolt', 'slack_sdk', 'sqlalchemy', 'aiohttp', "
        "'trafilatura', 'numpy', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_help_answers_at_once():
    """``digestbot --help`` takes under half a second of processor time (wall time would measure the neighbours)."""
    code = (
        "import resource, subprocess, sys; "
        "subprocess.run([sys.executable, '-m', 'digestbot', '--help'], stdout=subprocess.DEVNULL, check=True); "
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime)"
    )
    seconds = [
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(3)
    ]
    assert min(seconds) < 0.5
