"""How much memory a run may use: what the settings say, or half of what the machine or its container has."""

from pathlib import Path

import pytest

from dedup import memory
from dedup.memory import DEFAULT_SHARE, machine_memory, plan_memory
from dedup.settings import LEAST_MEMORY, Settings


@pytest.fixture
def machine_bytes(monkeypatch: pytest.MonkeyPatch) -> int:
    """Give the memory of the machine without any container."""
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", ())
    return machine_memory()


@pytest.mark.parametrize("content", ["max\n", "9223372036854771712\n", "", None])
def test_container_without_a_limit(
    content: str | None, machine_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a limit, or where there is nothing to read, it is the memory of the machine that counts."""
    if content is not None:
        (tmp_path / "memory.max").write_text(content)
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", (str(tmp_path / "memory.max"),))
    assert machine_memory() == machine_bytes > 100_000_000


def test_the_lowest_limit_counts(machine_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a container may use is less than the machine has, and half of it is the default."""
    limit = machine_bytes // 4
    for name, content in (("v2", "max"), ("v1", f"{limit}\n")):
        (tmp_path / name).write_text(content)
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", tuple(str(tmp_path / name) for name in ("v2", "v1", "gone")))
    assert machine_memory() == limit
    assert plan_memory(Settings()) == plan_memory(Settings(memory=int(DEFAULT_SHARE * limit)))


def test_machine_that_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without these numbers is taken for a small one."""

    def refuse(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(memory.os, "sysconf", refuse, raising=False)
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", ())
    assert machine_memory() == 4_000_000_000


def test_little_memory_holds_nothing() -> None:
    """With less than the libraries take, all is staged in the smallest shards, and phases have what they need."""
    budget = plan_memory(Settings(memory=LEAST_MEMORY))
    assert budget.held_bytes == 0
    assert budget.shard_bytes == Settings().batch_bytes
    assert budget.phase_bytes == plan_memory(Settings(memory=LEAST_MEMORY + 1)).phase_bytes > 0


def test_more_memory_is_used() -> None:
    """Budgets grow with the setting and stay within it; a shard has a size at which it needs no more."""
    sizes = [600_000_000, 2_000_000_000, 16_000_000_000, 64_000_000_000]
    budgets = [plan_memory(Settings(memory=size)) for size in sizes]
    for size, budget in zip(sizes, budgets, strict=True):
        assert budget.held_bytes + budget.phase_bytes < size
        assert budget.shard_bytes < size / 20
    assert [b.held_bytes for b in budgets] == sorted({b.held_bytes for b in budgets})
    assert [b.phase_bytes for b in budgets] == sorted({b.phase_bytes for b in budgets})
    assert budgets[-1].shard_bytes == budgets[-2].shard_bytes
