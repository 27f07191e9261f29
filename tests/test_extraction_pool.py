"""Pages may hang, crash or take too much memory: each costs itself alone, and the pool goes on."""

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from dedup.errors import ExtractionError
from dedup.extraction.pages import Extracted, Page, PageError
from dedup.extraction.pool import ExtractionPool
from dedup.settings import Settings

SENTENCE = "The harbour master counted nineteen boats before breakfast, and wrote each name into the ledger."
SPINNING = Page(b"<html><body><p " + b"".join(b"a%d=1 " % n for n in range(200_000)) + b">text</p></body></html>")
"""Every extractor is at it for minutes: parsers hold each attribute of an element against all before it."""


def page(n: int) -> Page:
    paragraphs = "".join(f"<p>{SENTENCE} It was day {n}, hour {hour}.</p>" for hour in range(5))
    return Page(
        f"<html><head><title>Day {n}</title></head><body><article>{paragraphs}</article></body></html>".encode()
    )


def settings(**changes) -> Settings:
    return Settings(**{"workers": 2, "extractor": "fast", **changes})  # "fast" takes no time to start


def outcomes(pages: list[Page], chosen: Settings) -> list[Extracted | PageError]:
    with ExtractionPool(chosen) as pool:
        return [future.result() for future in [pool.submit(page) for page in pages]]


@pytest.fixture
def started(monkeypatch) -> list[subprocess.Popen]:
    """Every process that a pool starts."""
    processes = []

    class Recorded(subprocess.Popen):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            processes.append(self)

    monkeypatch.setattr("dedup.extraction.pool.subprocess.Popen", Recorded)
    return processes


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
    except OSError:
        return False
    return state != "Z"


def wait_for(condition, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_outcomes_come_in_order_for_any_number_of_workers(workers):
    """The outcome of each page is its own, and the same however many processes share the work."""
    found = outcomes([page(n) for n in range(20)], settings(workers=workers, extractor="trafilatura"))
    assert [f"It was day {n}," in outcome.text for n, outcome in enumerate(found)] == [True] * 20
    assert found == outcomes([page(n) for n in range(20)], settings(workers=1, extractor="trafilatura"))


def test_no_process_before_the_first_page(started):
    """A pool that gets no page starts nothing."""
    with ExtractionPool(settings()):
        pass
    assert started == []


def test_no_more_processes_than_pages(started):
    """One page needs one process, whatever the number of workers."""
    outcomes([page(1)], settings(workers=16))
    assert len(started) == 1


def test_processes_end_with_the_pool(started):
    """No process is left, nor left unreaped, when the pool is done."""
    outcomes([page(n) for n in range(4)], settings())
    assert started
    assert all(process.returncode is not None for process in started)


@pytest.mark.parametrize("extractor", ["trafilatura", "fast"])
def test_page_that_hangs_costs_its_seconds_and_no_more(extractor):
    """It is given up when its time is over, the reason names the setting, and other pages are not delayed for long."""
    begun = time.monotonic()
    found = outcomes(
        [page(0), SPINNING, *(page(n) for n in range(2, 8))], settings(page_seconds=1.5, extractor=extractor)
    )
    assert time.monotonic() - begun < 20
    assert [type(outcome) for outcome in found] == [Extracted, PageError] + [Extracted] * 6
    assert found[1].stage == "extract"
    assert "longer than 1.5 s" in found[1].reason
    assert "--page-seconds" in found[1].reason


def test_several_pages_that_hang():
    """Each hanging page takes one process with it, and a fresh one takes over every time."""
    found = outcomes([SPINNING, SPINNING, page(2), SPINNING, page(4)], settings(page_seconds=1))
    assert [type(outcome) for outcome in found] == [PageError, PageError, Extracted, PageError, Extracted]


def test_process_that_is_killed_once_does_not_cost_its_page(started):
    """The system may kill a process for the memory of another: its page is tried again."""
    with ExtractionPool(settings(workers=1)) as pool:
        assert isinstance(pool.submit(page(0)).result(), Extracted)
        future = pool.submit(SPINNING)
        wait_for(future.running)
        time.sleep(0.3)
        started[0].kill()
        wait_for(lambda: len(started) == 2)
        assert isinstance(pool.submit(page(1)), object)
        assert not future.done()


@pytest.mark.parametrize(("number", "words"), [(signal.SIGKILL, "SIGKILL"), (signal.SIGSEGV, "crashed (SIGSEGV")])
def test_page_whose_process_dies_each_time_is_rejected_with_what_it_died_of(started, number, words):
    """The reason says in words how the process ended, and a fresh one takes the next page."""
    with ExtractionPool(settings(workers=1)) as pool:
        future = pool.submit(SPINNING)
        for n_started in (1, 2):
            wait_for(lambda n_started=n_started: len(started) == n_started)
            time.sleep(1.5)  # it has started, and is at the page
            os.kill(started[-1].pid, number)
        outcome = future.result()
        assert isinstance(outcome, PageError)
        assert words in outcome.reason
        assert isinstance(pool.submit(page(1)).result(), Extracted)
    assert len(started) == 3


def test_idle_process_that_dies_costs_nothing(started):
    """A process that was killed between two pages is replaced before the second."""
    with ExtractionPool(settings(workers=1)) as pool:
        first = pool.submit(page(0)).result()
        started[0].kill()
        started[0].wait()
        assert [first, pool.submit(page(1)).result()] == outcomes([page(0), page(1)], settings())


def test_leaving_the_block_does_not_wait_for_pages(started):
    """An error outside, or Ctrl-C, ends all processes at once, in the middle of whatever they do."""
    begun = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt), ExtractionPool(settings(workers=2)) as pool:
        futures = [pool.submit(SPINNING) for _ in range(6)]
        wait_for(lambda: len(started) == 2)
        raise KeyboardInterrupt
    assert time.monotonic() - begun < 8
    assert all(future.done() for future in futures)
    assert all(process.returncode is not None for process in started)


def test_python_that_does_not_start_is_an_error_of_the_run(monkeypatch, tmp_path):
    """No page can be extracted: that is no property of a page, so the run ends, and says what did not start."""
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    with pytest.raises(ExtractionError, match="exit code 3"):
        outcomes([page(0)], settings())


def test_program_that_is_no_python_is_not_started_again(monkeypatch, started):
    """In a frozen program sys.executable is the program: to start it for each page would never end."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(ExtractionError, match="frozen"):
        outcomes([page(0)], settings())
    assert started == []


def test_python_that_is_gone_is_an_error_of_the_run(monkeypatch, tmp_path):
    """The message names what could not be started."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python9"))
    with pytest.raises(ExtractionError, match="python9': No such file"):
        outcomes([page(0)], settings())


def test_package_that_cannot_be_imported_is_an_error_of_the_run(monkeypatch, tmp_path):
    """A broken installation is told once, by its own message, and not once for each page."""
    (tmp_path / "trafilatura.py").write_text("raise ImportError('lxml is too old')")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ExtractionError, match="ImportError: lxml is too old"):
        outcomes([page(0)], settings(extractor="trafilatura"))


def test_what_a_library_prints_is_no_answer(monkeypatch, tmp_path):
    """Text on standard output, from Python or from below it, does not come between pages and their outcomes."""
    (tmp_path / "resiliparse.py").write_text(
        f"import os, sys\nsys.path.remove({str(tmp_path)!r})\ndel sys.modules['resiliparse']\n"
        "print('loud', flush=True)\nos.write(1, b'louder' * 99)\n"
        "import resiliparse\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    assert isinstance(outcomes([page(0)], settings())[0], Extracted)


HOSTILE = {
    "binary": bytes(range(256)) * 300,
    "NULs": b"<html><body><p>a\0b\0</p></body></html>" * 1000,
    "brackets": b"<" * 1_000_000,
    "unclosed": b"<html><body>" + b"<p>one <b>two <i>three <a href=x>four " * 3000,
    "tables in tables": b"<html><body>" + b"<table><tr><td>cell " * 1000,
    "attributes": b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b">text</p>",
    "deep JSON-LD": b'<html><head><script type="application/ld+json">' + b"[" * 100_000 + b"</script></head><p>text",
    "long JSON-LD": b'<html><head><script type="application/ld+json">{"@type":"Article","author":['
    + b'{"name":"Jane Doe"},' * 50_000
    + b"{}]}</script></head><body><p>text",
    "one long line": b"<html><body><p>" + b"word " * 1_000_000,
    "authors": b'<html><head><meta name="author" content="' + b"a, " * 100_000 + b'"></head><body><p>text',
    "dates": b"<html><head><title>" + b"2019/" * 100_000 + b"</title></head><body><p>text",
    "nothing": b"",
}


def test_hostile_pages_do_not_stop_the_pool():
    """Whatever a page is, it has an outcome: its text, or a reason in words, in its place, in bounded time."""
    pages = [Page(content) for content in HOSTILE.values()]
    mixed = [found for n, hostile in enumerate(pages) for found in (page(n), hostile)]
    found = outcomes(mixed, settings(page_seconds=5, extractor="trafilatura"))
    assert all(f"It was day {n}," in outcome.text for n, outcome in enumerate(found[::2]))
    for name, outcome in zip(HOSTILE, found[1::2], strict=True):
        assert isinstance(outcome, Extracted) or (outcome.reason and "\n" not in outcome.reason), name


def test_page_of_50_megabytes():
    """Its size alone is no reason to lose a page, nor may it take the pool with it."""
    large = Page(b"<html><body>" + f"<p>{SENTENCE}</p>".encode() * 480_000)
    assert len(large.html) > 48e6
    found = outcomes([large, page(1)], settings(page_seconds=60))
    assert found[0].text.count("harbour master") == 480_000
    assert "It was day 1," in found[1].text


@pytest.mark.skipif(sys.platform != "linux", reason="sets the limit of memory that processes inherit")
def test_page_that_takes_too_much_memory():
    """An allocation that fails costs the page, whether the parser says so or dies of it; the next page is extracted."""
    script = textwrap.dedent("""
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))
        from dedup.extraction.pages import Page
        from dedup.extraction.pool import ExtractionPool
        from dedup.settings import Settings
        with ExtractionPool(Settings(workers=1, extractor="fast")) as pool:
            for page in (b"<p>Some words of a sentence.</p>" * 4_000_000, b"<p>Some words of a sentence.</p>" * 9):
                print(type(pool.submit(Page(page)).result()).__name__)
    """)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.split() == ["PageError", "Extracted"]


SCRIPT = textwrap.dedent("""
    import sys
    import dedup
    pages = [{{"id": str(n), "html": "<p>" + "{sentence} " * 9 + str(n) + "</p>"}} for n in range(5)]
    documents = dedup.clean(pages, html_column="html", workers=2).documents
    print(len(documents), documents["doc_id"].to_pylist())
""").format(sentence=SENTENCE)


@pytest.mark.parametrize("how", ["file", "stdin", "-c", "thread"])
def test_programs_without_a_guard(how, tmp_path):
    """No `if __name__ == "__main__"` is needed in a script, on standard input or in a thread: nothing runs twice."""
    script = SCRIPT
    if how == "thread":
        body = textwrap.indent(SCRIPT, "    ")
        script = f"import threading\ndef run():\n{body}\nt = threading.Thread(target=run)\nt.start()\nt.join()\n"
    (tmp_path / "script.py").write_text(script)
    arguments = {"file": ["script.py"], "thread": ["script.py"], "stdin": ["-"], "-c": ["-c", script]}[how]
    project = str(Path(__file__).parent.parent)
    done = subprocess.run(
        [sys.executable, *arguments],
        input=script,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": project},
        timeout=100,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("5 ['0', '1', '2', '3', '4']\n", "")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes where Linux lists them")
def test_processes_do_not_outlive_a_parent_that_is_killed(tmp_path):
    """SIGKILL leaves the parent no time to end anything: its processes see that there are no more pages."""
    script = textwrap.dedent("""
        import time, subprocess
        from dedup.extraction.pool import ExtractionPool
        from dedup.extraction.pages import Page
        from dedup.settings import Settings
        with ExtractionPool(Settings(workers=2)) as pool:
            for future in [pool.submit(Page(b"<p>words")) for _ in range(2)]:
                future.result()
            print(*(process._child.pid for process in pool._alive), flush=True)
            time.sleep(100)
    """)
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert pids
        assert all(map(is_alive, pids))
        parent.kill()
    wait_for(lambda: not any(map(is_alive, pids)))


def test_pages_can_be_extracted_in_threads():
    """Two pools at once, each in a thread of its own, do not disturb each other."""
    results = {}

    def run(name: int) -> None:
        results[name] = outcomes([page(n) for n in range(6)], settings(workers=1))

    threads = [threading.Thread(target=run, args=(name,)) for name in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results[0] == results[1]
    assert len(results[0]) == 6
