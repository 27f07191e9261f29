"""Input and output behind addresses, tried on fsspec's memory:// and on file systems that fail in their own ways."""

import functools
import gzip
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import read_files

import dedup
import dedup.parts
from dedup.addresses import is_address
from dedup.errors import DedupError, InputError, MissingInputError, OutputError
from dedup.outputs import may_be_output
from dedup.reading import plan_inputs
from dedup.restoring import restore_files
from dedup.settings import Settings

fsspec = pytest.importorskip("fsspec", reason="addresses need fsspec, of the extra 'remote'")

TEXT = "A paragraph of some length, which is here to be found twice by the one who looks for it in all of them."


class Failing(fsspec.AbstractFileSystem):
    """A file system whose library has errors of its own."""

    protocol = ("failing",)
    cachable = False

    def info(self, path, **kwargs):
        """Know of one file and one folder."""
        if path.endswith(".txt"):
            return {"name": path, "size": 10, "type": "file"}
        if path.endswith("denied"):
            raise RuntimeError("403: these credentials have expired")
        return {"name": path, "size": 0, "type": "directory"}

    def ls(self, path, detail=True, **kwargs):
        """List two files."""
        found = [{"name": f"{path}/{name}.txt", "size": 10, "type": "file"} for name in "ab"]
        return found if detail else [one["name"] for one in found]

    def _open(self, path, mode="rb", **kwargs):
        if path.endswith("a.txt"):
            raise RuntimeError("503: slow down")
        return Breaking()


class Breaking(io.RawIOBase):
    """A file that breaks off."""

    def readable(self):
        """Say yes."""
        return True

    def read(self, size=-1):
        """Fail."""
        raise RuntimeError("the connection was reset")


@pytest.fixture
def memory():
    """Give a function that puts files behind memory://, and one that lists them."""
    filesystem = fsspec.filesystem("memory")

    def put(files: dict[str, bytes | str]) -> None:
        for path, content in files.items():
            filesystem.pipe_file(f"memory://{path}", content.encode() if isinstance(content, str) else content)

    yield put
    filesystem.rm("/", recursive=True)
    filesystem.store.clear()
    filesystem.pseudo_dirs[:] = [""]


def stored() -> list[str]:
    return sorted(fsspec.filesystem("memory").find("/"))


def sources(*given: object) -> list[str]:
    return [found.source for found in plan_inputs(given, Settings()).inputs]


def parquet(*texts: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), sink)
    return sink.getvalue()


def zipped(name: str, content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(name, content)
    return sink.getvalue()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("s3://bucket/a.txt", True),
        ("https://example.org/a", True),
        ("simplecache::s3://bucket/a", True),
        ("memory://in", True),
        ("C:\\texts", False),
        ("C://texts", False),
        ("a:b.txt", False),
        ("texts/a:/b", False),
        ("memory:/in", False),
        (Path("memory://in"), False),
        ("://in", False),
        ("-", False),
    ],
)
def test_what_is_an_address(source, expected):
    """A path with a colon, as on Windows, is none, and neither is a Path."""
    assert is_address(source) is expected


def test_path_that_looks_like_an_address(tmp_path, monkeypatch):
    """What is there as a path is read as one."""
    (tmp_path / "memory:" / "in").mkdir(parents=True)
    (tmp_path / "memory:" / "in" / "a.txt").write_text("local")
    monkeypatch.chdir(tmp_path)
    assert read_files(["memory://in"], Settings()).documents["text"].to_pylist() == ["local"]


def test_names_as_of_local_files(memory):
    """Files, folders and globs behind an address are named and sorted as local ones, hidden ones left out."""
    memory(dict.fromkeys(("in/b.txt", "in/a/x.md", "in/a/.h/z.txt", "in/.git/y.txt", "in/a-b.txt"), "text"))
    assert sources("memory://in") == ["a-b.txt", "a/x.md", "b.txt"]
    assert sources("memory://in/") == ["a-b.txt", "a/x.md", "b.txt"]
    assert sources("memory://in/a/x.md") == ["x.md"]
    assert sources("memory://in/*.txt") == ["a-b.txt", "b.txt"]
    assert sources("memory://in/**/*.md") == ["a/x.md"]
    assert sources("memory://in/*") == ["a-b.txt", "a/x.md", "b.txt"]
    assert sources("memory://in/a", "memory://in/b.txt") == ["memory://in/a/x.md", "memory://in/b.txt"]
    assert sources("memory://in/b.txt", "memory://in/*.txt") == ["memory://in/a-b.txt", "memory://in/b.txt"]


def test_beside_local_files(memory, tmp_path):
    """Addresses and paths go together."""
    memory({"in/b.txt": "b"})
    (tmp_path / "a.txt").write_text("a")
    assert sources("memory://in", tmp_path) == [f"{tmp_path}/a.txt", "memory://in/b.txt"]


def test_any_format(memory):
    """What needs random access and what is compressed is read from an address as from a disk."""
    memory(
        {
            "in/1.jsonl.gz": gzip.compress(b'{"text": "lines"}\n'),
            "in/2.parquet": parquet("table"),
            "in/3.parquet.gz": gzip.compress(parquet("packed")),
            "in/4.zip": zipped("a.txt", b"member"),
            "in/5": "no suffix",
            "in/6.png": b"\x89PNG",
            "in/7.jsonl.gz": gzip.compress(b'{"text": "cut"}\n' * 99)[:-9],
        }
    )
    corpus = read_files(["memory://in"], Settings())
    assert corpus.documents["text"].to_pylist()[:5] == ["lines", "table", "packed", "member", "no suffix"]
    assert [row["source"] for row in corpus.rejected.to_pylist()] == ["6.png", "7.jsonl.gz"]


def test_nothing_there(memory):
    """What is not there, or of an unknown protocol, is an error that names it."""
    memory({"in/a.txt": "a"})
    for source in ("memory://nope", "memory://in/*.nope"):
        with pytest.raises(MissingInputError, match=source.replace("*", r"\*")):
            read_files([source], Settings())
    with pytest.raises(InputError, match="nowhere://x cannot be opened: Protocol not known"):
        read_files(["nowhere://x"], Settings())


def test_web(tmp_path):
    """Pages and files of the web are read, also from a server that gives them only from start to end."""
    pytest.importorskip("aiohttp", reason="https:// needs aiohttp, of the extra 'remote'")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(b'{"text": "lines"}\n'))
    (tmp_path / "b.parquet").write_bytes(parquet("table"))
    (tmp_path / "c").write_text("no suffix")
    handler = functools.partial(SilentHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            for name, text in (("a.jsonl.gz?token=x.txt", "lines"), ("b.parquet", "table"), ("c", "no suffix")):
                corpus = read_files([f"{base}/{name}"], Settings())
                assert corpus.documents["text"].to_pylist() == [text], corpus.rejected.to_pylist()
            assert sources(f"{base}/*.parquet") == ["b.parquet"]
            with pytest.raises(MissingInputError):
                read_files([f"{base}/nope.txt"], Settings())
            with pytest.raises(InputError, match=r"forbidden\.txt cannot be looked into: 403"):
                read_files([f"{base}/forbidden.txt"], Settings())
        finally:
            server.shutdown()
    with pytest.raises(InputError, match="cannot be looked into: Cannot connect"):
        read_files([f"{base}/c"], Settings())


class SilentHandler(http.server.SimpleHTTPRequestHandler):
    """A server without ranges, and without a log."""

    def send_head(self):
        """Forbid one of the files."""
        if "forbidden" in self.path:
            self.send_error(http.HTTPStatus.FORBIDDEN)
            return None
        return super().send_head()

    def log_message(self, *args):
        """Say nothing."""


def test_errors_of_a_library(memory):
    """An error that only a library knows is a row in rejected, or one line, like any other."""
    fsspec.register_implementation("failing", Failing, clobber=True)
    corpus = read_files(["failing://in"], Settings())
    reasons = {row["source"]: row["reason"] for row in corpus.rejected.to_pylist()}
    assert "503: slow down" in reasons["a.txt"]
    assert "the connection was reset" in reasons["b.txt"]
    with pytest.raises(InputError, match="failing://denied cannot be looked into: 403"):
        read_files(["failing://denied"], Settings())
    with pytest.raises(OutputError, match="cannot be looked into: 403"):
        dedup.clean_files("failing://in", "failing://denied")


def test_without_fsspec(monkeypatch):
    """Where the package is missing, the error says how to get it."""
    monkeypatch.setitem(sys.modules, "fsspec", None)
    for call in (lambda: read_files(["s3://bucket/x"], Settings()), lambda: dedup.restore("s3://bucket/x")):
        with pytest.raises(DedupError, match=r"pip install 'dedup-clean\[remote\]'"):
            call()


def test_no_address_no_import(tmp_path):
    """Fsspec is imported only for an address."""
    (tmp_path / "a.txt").write_text("a")
    code = f"""import sys
sys.path.append({str(Path(__file__).parent)!r})
from dedup.settings import Settings
from read_documents import read_files
read_files([{str(tmp_path)!r}], Settings())
assert "fsspec" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


# ---- output


@pytest.fixture
def cleaned(memory):
    """Clean two copies and a page of their own from memory:// to memory://."""
    memory({"in/a.txt": f"{TEXT}\n", "in/b.txt": f"{TEXT}\nOf its own.\n", "in/c.txt": "Another.\n"})
    return dedup.clean_files("memory://in", "memory://out/here")


def test_in_and_out(cleaned, tmp_path):
    """A run from an address to an address gives the bytes of one from folder to folder."""
    folder = tmp_path / "in"
    folder.mkdir()
    filesystem = fsspec.filesystem("memory")
    for path in filesystem.find("/in"):
        (folder / Path(path).name).write_bytes(filesystem.cat_file(path))
    dedup.clean_files(folder, tmp_path / "out")
    local = {p.relative_to(tmp_path / "out").as_posix(): p for p in (tmp_path / "out").rglob("*") if p.is_file()}
    remote = [path.removeprefix("/out/here/") for path in stored() if path.startswith("/out/")]
    assert remote == sorted(local)
    for name in remote:
        if name != "report.json":  # which knows the time
            assert filesystem.cat_file(f"/out/here/{name}") == local[name].read_bytes()


def test_restore_and_explain(cleaned, tmp_path):
    """An output behind an address can be undone and asked about; originals can go to an address too."""
    texts = [f"{TEXT}\n", f"{TEXT}\nOf its own.\n", "Another.\n"]
    assert dedup.restore("memory://out/here")["text"].to_pylist() == texts
    assert dedup.explain("memory://out/here", "b").removed[0].text.strip() == TEXT
    restore_files("memory://out/here", "memory://back", as_files=True)
    filesystem = fsspec.filesystem("memory")
    assert [filesystem.cat_file(f"/back/{name}.txt").decode() for name in "abc"] == texts
    restore_files("memory://out/here", tmp_path / "back")
    assert pq.read_table(tmp_path / "back")["text"].to_pylist() == texts
    for call in (dedup.restore, lambda out: dedup.explain(out, "a")):
        with pytest.raises(OutputError, match=r"memory://in.*no report\.json"):
            call("memory://in")
        with pytest.raises(OutputError, match=r"memory://nope.*no such folder"):
            call("memory://nope")


def test_report_comes_last(memory, monkeypatch):
    """Who waits for report.json sees a whole output, also while an earlier one is replaced."""
    memory({"in/a.txt": TEXT})
    seen = []
    memory_class = type(fsspec.filesystem("memory"))
    real_put, real_rm = memory_class.put_file, memory_class.rm_file
    monkeypatch.setattr(
        memory_class, "put_file", lambda fs, a, b, **k: (seen.append(("put", b)), real_put(fs, a, b, **k))
    )
    monkeypatch.setattr(memory_class, "rm_file", lambda fs, a: (seen.append(("remove", a)), real_rm(fs, a)))
    dedup.clean_files("memory://in", "memory://out")
    dedup.clean_files("memory://in", "memory://out", overwrite=True)
    actions = [(what, Path(path).name) for what, path in seen]
    places = [place for place, (_, name) in enumerate(actions) if name == "report.json"]
    n_files = len(stored()) - 1
    assert places == [n_files - 1, n_files, 3 * n_files - 1]
    assert actions[n_files][0] == "remove"


def test_target_that_is_not_empty(cleaned, memory):
    """An output behind an address is replaced when asked; what holds anything else never is."""
    with pytest.raises(OutputError, match=r"'memory://out/here' is not empty; .*--overwrite"):
        dedup.clean_files("memory://in", "memory://out/here")
    memory({"in/d.txt": "One more."})
    dedup.clean_files("memory://in", "memory://out/here", overwrite=True)
    assert dedup.restore("memory://out/here").num_rows == 4
    memory({"out/here/documents/notes.txt": "mine", "other/a.txt": "mine", "file": "mine"})
    for target, words in (
        ("memory://out/here", "holds 'documents/notes.txt'"),
        ("memory://other", "did not write"),
        ("memory://file", "is a file"),
    ):
        with pytest.raises(OutputError, match=words):
            dedup.clean_files("memory://in", target, overwrite=True)


def test_target_and_source_apart(cleaned):
    """A target in a source would be read next time, one above it would replace it."""
    for target, words in (("memory://in/out", "is inside the source"), ("memory://in", "would replace the source")):
        with pytest.raises(OutputError, match=words):
            dedup.clean_files("memory://in", target)
    with pytest.raises(OutputError, match="would replace the source"):
        dedup.clean_files("memory://in/*.txt", "memory://in", overwrite=True)
    dedup.clean_files("memory://in", "memory://in-out")


def test_upload_that_fails(memory, monkeypatch):
    """Half an upload is told, and has no report."""
    memory({"in/a.txt": TEXT})
    memory_class = type(fsspec.filesystem("memory"))
    real = memory_class.put_file

    def fail(filesystem, local, remote, **kwargs):
        if "rejected" in remote:
            raise RuntimeError("507: the bucket is full")
        real(filesystem, local, remote, **kwargs)

    monkeypatch.setattr(memory_class, "put_file", fail)
    with pytest.raises(OutputError, match=r"cannot write 'memory://out': 507: the bucket is full; .* not report\.json"):
        dedup.clean_files("memory://in", "memory://out")
    assert "/out/report.json" not in stored()


def test_disk_that_is_full(memory, monkeypatch):
    """What cannot even be written here says so, and nothing is sent."""
    memory({"in/a.txt": TEXT})

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(dedup.parts._File, "write", fail)
    with pytest.raises(OutputError, match=r"meant for 'memory://out': the disk is full"):
        dedup.clean_files("memory://in", "memory://out")
    assert stored() == ["/in/a.txt"]


def test_slash_at_the_end(memory):
    """A slash behind an address is no part of it."""
    memory({"in/a.txt": TEXT})
    dedup.clean_files("memory://in/", "memory://out/")
    assert dedup.restore("memory://out/")["text"].to_pylist() == [TEXT]


def test_what_a_dry_run_takes_for_its_target(cleaned):
    """The last of several is the target if nothing is there or an output is, behind an address as on a disk."""
    assert may_be_output("memory://out/here")
    assert may_be_output("memory://nothing/here")
    assert not may_be_output("memory://in")
    assert not may_be_output("memory://nothing/*.txt")


def test_command(tmp_path):
    """Addresses work on the command line."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text(TEXT)
    address = (tmp_path / "in").as_uri()

    def run(*line: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "dedup", *line],
            capture_output=True,
            encoding="utf-8",
            check=False,
            cwd=tmp_path,
            timeout=120,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        )

    ran = run("clean", address, f"{address[:-2]}out", "--json")
    assert (ran.returncode, json.loads(ran.stdout)["n_documents"]) == (0, 1), ran.stderr
    assert TEXT in run("explain", f"{address[:-2]}out", "a").stdout
    assert run("restore", f"{address[:-2]}out", f"{address[:-2]}back", "--as-files").returncode == 0
    assert (tmp_path / "back" / "a.txt").read_text() == TEXT
    assert "dry run" in run("clean", "--dry-run", address).stdout
