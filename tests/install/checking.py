"""The least test runner that prints a line per test while it goes: tests are functions named by a sentence, in a list per module."""
import concurrent.futures
import pathlib
import shutil
import tempfile
import time
import traceback


class Place:
    """What a test gets: a directory of its own, the stub hub, and whether everything is to be tried."""

    def __init__(self, hub, full):
        self.hub, self.full = hub, full
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="wghub-install-"))
        self.directory.chmod(0o755)

    def path(self, name):
        return self.directory / name

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


class Skip(Exception):
    pass


def equal(found, wanted, more=""):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}\n{more}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"{part!r} is not in:\n{text}"


def run_one(test, make_hub, full):
    """Each test has a hub of its own: the faults that it sets meet nobody else."""
    started = time.monotonic()
    place = Place(None, full)
    try:
        place.hub = make_hub(place.directory)
        note = test(place)
        result = ("ok", note or "")
    except Skip as reason:
        result = ("skip", str(reason))
    except Exception:
        result = ("FAILED", traceback.format_exc())
    finally:
        if place.hub:
            place.hub.server.shutdown()
        place.close()
    return (*result, time.monotonic() - started)


def run_all(tests, make_hub, full, workers):
    counts = {"ok": 0, "FAILED": 0, "skip": 0}
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        futures = {pool.submit(run_one, test, make_hub, full): name for name, test in tests}
        for future in concurrent.futures.as_completed(futures):
            result, note, seconds = future.result()
            counts[result] += 1
            print(f"{result:6} {futures[future]} ({seconds:.1f} s){': ' + note if note else ''}", flush=True)
    if counts["skip"]:
        print(f"{counts['skip']} skipped")
    print(f"{counts['ok']} passed, {counts['FAILED']} failed")
    return 1 if counts["FAILED"] else 0
