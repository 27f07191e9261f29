"""Doors open downwards only: what each module may import, read from the sources."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "dedup"

LAYERS = [
    {"cli", "cli_rules", "__main__", "help_text", "options", "own_process", "printing"},
    {"dedup"},  # the public face
    {"pipeline"},
    {"engines"},
    {"corpus"},  # the first pass: stages put together, their work kept shard by shard
    {
        "settings_file", "result", "reporting", "restoring", "writing", "applying", "verdicts", "cuts", "scopes",
        "matching", "sketches", "fingerprints", "paragraphs", "reading", "documents", "batches", "columns", "sources",
        "column_types", "mixed", "user_columns", "values", "streams", "recall", "evidence", "guard", "extraction",
        "decoding", "places", "names", "sniffing", "faults", "utf8",
        "addresses", "uploading", "outputs", "nul_characters", "parts", "placing", "locking", "disk_space", "originals",
        "shards", "storage", "workers", "pieces", "memory", "ids", "handed_over", "annotating", "stores", "bundles",
        "staging", "versions", "removals", "compiling", "row_sizes", "dictionaries",
        "equals", "candidates", "shipping", "verification", "containment", "sites", "recurrence", "clearing", "breaker",
    },
    {"boilerplate"},
    {"token_tables", "forests"},
    {"kernels", "arrow_views"},
    {"schemas", "settings"},
    {"errors"},
]  # fmt: skip
"""Rooms from the roof down; a folder is one room. It imports from floors below, and from its own as listed next."""

ON_ONE_FLOOR = {
    # the records that one stage gives and the next takes
    "annotating": {"cuts", "fingerprints", "paragraphs", "shards"},
    "evidence": {"matching", "recurrence", "shards", "storage"},
    "recurrence": {"shards", "storage"},
    "clearing": {"equals", "evidence", "guard", "recurrence", "shards", "workers"},
    "breaker": {"evidence", "shards", "sites"},
    "sites": {"column_types", "scopes"},
    "recall": {"matching", "shards", "shipping", "storage", "workers"},
    "guard": {"evidence", "matching", "shards"},
    "verdicts": {"evidence", "guard", "matching", "shards"},
    "removals": {"cuts", "evidence", "recurrence", "shards", "verdicts"},
    "applying": {"evidence", "guard", "recurrence", "removals", "verdicts"},
    "shards": {"cuts"},
    "ids": {"equals", "storage"},
    "equals": {"shards", "storage"},
    "candidates": {"shards", "storage", "workers"},
    "shipping": {"shards", "storage", "workers"},
    "verification": {"shards", "shipping", "storage", "workers"},
    "containment": {"pieces", "shards", "shipping", "storage", "workers"},
    "matching": {"candidates", "containment", "pieces", "shards", "storage", "verification", "workers"},
    "sketches": {"fingerprints"},
    "compiling": {"locking"},
    "result": {"reporting"},
    # shards kept, in memory or in a folder
    "stores": {"annotating", "bundles", "cuts", "documents", "shards", "storage"},
    "bundles": {"mixed"},
    "staging": {"addresses", "disk_space", "locking", "placing", "sources", "uploading", "versions"},
    "handed_over": {"batches", "columns", "dictionaries", "documents", "extraction", "scopes"},
    # reading is a house of its own: sources, then their bytes, then batches of rows with columns in order
    "reading": {"documents", "batches", "columns", "sniffing", "sources", "names", "streams", "places", "decoding"}
    | {"dictionaries", "extraction", "faults", "scopes"},
    "documents": {"nul_characters", "names", "batches", "columns", "column_types", "user_columns", "extraction"}
    | {"row_sizes"},
    "nul_characters": {"batches", "decoding"},
    "user_columns": {"column_types", "mixed", "values"},
    "batches": {"columns", "column_types", "faults", "utf8", "values"},
    "faults": {"columns", "values"},
    "utf8": {"column_types", "decoding"},
    "values": {"column_types", "mixed"},
    "mixed": {"column_types"},
    "sniffing": {"batches", "columns", "decoding", "names", "places", "sources", "streams"},
    "sources": {"addresses", "batches", "names", "places"},
    "addresses": {"places"},
    "names": {"streams"},
    "streams": {"places"},
    "extraction": {"batches", "decoding"},
    # the output: a folder that takes its place at the end, and the files in it
    "writing": {"addresses", "outputs", "parts", "places", "placing", "sources", "uploading"},
    "parts": {"placing", "row_sizes"},
    "row_sizes": {"column_types"},
    "dictionaries": {"row_sizes"},
    "locking": {"disk_space", "placing", "sources"},
    "placing": {"addresses", "disk_space", "sources", "uploading"},
    "uploading": {"addresses", "places"},
    "outputs": {"addresses", "column_types", "sources", "uploading"},
    "originals": {"outputs", "row_sizes"},
    "restoring": {"decoding", "locking", "names", "originals", "outputs", "parts", "placing", "writing"},
    "reporting": {"names", "outputs", "paragraphs", "recall", "sources", "versions"},
}

MAY_PRINT = {"cli", "cli_rules", "printing"}
MAY_SHOW = {"cli", "cli_rules", "options", "printing", "reporting.terminal", "reporting.progress", "reporting.rules"}
"""These make what the terminal shows: tables and bars, which only the command line puts on it."""


def module_name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) or "dedup"


MODULES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}


def imports_of(tree: ast.Module) -> set[str]:
    """Give the modules of dedup that a module imports, anywhere in it, without the package's name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the package"
            names = [node.module or ""]
            if f"{node.module}." == "dedup." or f"{node.module}".startswith("dedup."):
                inner = f"{node.module}".removeprefix("dedup").lstrip(".")
                names = [
                    f"{node.module}.{a.name}" for a in node.names if f"{inner}.{a.name}".lstrip(".") in MODULES
                ] or names
        else:
            continue
        found |= {name.removeprefix("dedup").lstrip(".") or "dedup" for name in names if name.split(".")[0] == "dedup"}
    return found


def room_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def floor_of(room: str) -> int:
    return next(floor for floor, rooms in enumerate(LAYERS) if room in rooms)


def test_every_module_has_its_floor() -> None:
    """A new module is put on a floor on purpose, and none is listed that is gone."""
    assert {room_of(module) for module in MODULES} == set().union(*LAYERS)


def test_what_is_listed_is_imported() -> None:
    """No room may import from its own floor what it does not."""
    imports = {room: set() for room in ON_ONE_FLOOR}
    for module, tree in MODULES.items():
        imports.setdefault(room_of(module), set()).update(room_of(other) for other in imports_of(tree))
    assert {room: others - imports[room] for room, others in ON_ONE_FLOOR.items() if others - imports[room]} == {}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_downwards(module: str) -> None:
    room = room_of(module)
    wrong = set()
    for other in map(room_of, imports_of(MODULES[module])):
        is_below = floor_of(other) > floor_of(room)
        if other != room and not is_below and other not in ON_ONE_FLOOR.get(room, set()):
            wrong.add(other)
    if room == "cli":
        wrong -= {"cli_rules", "help_text", "options", "own_process", "printing"}
    if room == "cli_rules":
        wrong -= {"help_text", "printing"}
    if room == "__main__":
        wrong.discard("cli")
    assert wrong == set()


def test_rooms_on_one_floor_have_no_circle() -> None:
    """What a room imports, directly or not, never imports it."""
    below = {room: set() for room in set().union(*LAYERS)}
    for module, tree in MODULES.items():
        below[room_of(module)] |= {room_of(other) for other in imports_of(tree)} - {room_of(module)}
    del below["dedup"]  # the face, which imports what is asked for when it is asked for
    for room, rooms in below.items():
        seen, waiting = set(), list(rooms)
        while waiting:
            other = waiting.pop()
            if other not in seen and other in below:
                seen.add(other)
                waiting += below[other]
        assert room not in seen, room


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room_of(name) == "kernels"))
def test_kernels_import_nothing_of_dedup_but_kernels(module: str) -> None:
    assert {room_of(other) for other in imports_of(MODULES[module])} <= {"kernels"}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_the_command_line_prints_or_exits(module: str) -> None:
    """The library neither prints, nor ends the process, nor writes to the environment."""
    for node in ast.walk(MODULES[module]):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if module not in MAY_PRINT:
            assert name not in {"print", "exit", "sys.exit", "quit", "os._exit", "input", "typer.echo"}, name
        if module != "own_process":  # the command's
            assert name not in {"os.putenv", "os.environ.setdefault", "os.environ.update"}, name
        targets = node.targets if isinstance(node, ast.Assign) else []
        assert not any(ast.unparse(target).startswith("os.environ") for target in targets)
        if isinstance(node, ast.Import | ast.ImportFrom) and module not in MAY_SHOW:
            assert not ast.unparse(node).split()[1].startswith(("rich", "typer")), module


WAITING = {("extraction.pool", "time.monotonic"), ("compiling", "time.monotonic"), ("compiling", "time.sleep")}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_number_comes_from_a_global_generator_or_a_clock(module: str) -> None:
    """Same input, same bytes: chance is seeded, and only the story of a run and its report know the time."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            assert not name.startswith(("random.", "np.random.rand", "np.random.shuffle", "uuid.", "hash(")), name
            if name.startswith(("time.", "datetime.")):
                # a page has a deadline, and which pages meet it is all that the clock decides there; so have helpers
                is_waiting = (module, name) in WAITING
                assert is_waiting or room_of(module) in {"pipeline", "reporting", "cli"}, name


@pytest.mark.parametrize("module", sorted(name for name in MODULES if room_of(name) == "kernels"))
def test_kernels_are_compiled_without_shortcuts(module: str) -> None:
    """No kernel trades exactness or order for speed."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "njit":
            options = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords if keyword.arg}
            assert options.get("cache") is True
            assert options.get("nogil") is True
            assert not options.get("fastmath")
            assert not options.get("parallel")


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules_fit_on_a_few_screens(module: str) -> None:
    """Every module says what it is for; none is longer than 400 lines."""
    assert ast.get_docstring(MODULES[module])
    path = ROOT / Path(*module.split(".")) if module != "dedup" else ROOT
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
