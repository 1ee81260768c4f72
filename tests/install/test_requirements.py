"""The list of requirements beside this file is whole, and every test that it names exists. What became of these, tests/report says."""
import pathlib
import re

from checking import equal

TESTS_FOLDER = pathlib.Path(__file__).resolve().parents[1]
INSTALL_TESTS = []  # the sentences of all tests here; the runner fills it
WANTED = [f"R{number}" for number in range(1, 75)] + ["R1b"]


def exists(named):
    """PART: TEST, or PART alone for one that proves a thing with all it does."""
    part, _, test = named.partition(": ")
    if part == "install":
        return any(test in sentence for sentence in INSTALL_TESTS)
    if part == "unit":
        return any(f'"{test}' in path.read_text() for path in (TESTS_FOLDER / "unit").rglob("*_test.cpp"))
    if part.startswith("vm:"):
        return list((TESTS_FOLDER / "vm").glob(part[3:] + ".*")) != []
    return part in ("api", "api:clusters", "api:clean_roots", "api:failures") and any(f"def {test}(" in path.read_text() for path in (TESTS_FOLDER / "api").glob("test_*.py"))


def whole(place):
    lines = [line.split(" | ") for line in (TESTS_FOLDER / "install/requirements").read_text().splitlines() if not line.startswith("#")]
    equal(sorted(line[0] for line in lines), sorted(WANTED))
    equal([line for line in lines if len(line) != 3 or not all(line)], [])
    named = [(line[0], test) for line in lines if not line[2].startswith("not here: ") for test in re.split("; ", line[2])]
    equal([pair for pair in named if not exists(pair[1])], [])
    return f"{len(named)} tests named"


def told_to_people(place):
    """docs/install-failures.md has every code and name that a script can end with, and no other."""
    root = TESTS_FOLDER.parent
    scripts = "\n".join(path.read_text() for path in (root / "share/install/lib").rglob("*.*"))
    known = set(re.findall(r"(?:_fail|_refuse|Stop-Install) (\d+) ([A-Z_]+)", scripts)) | {("130", "INTERRUPTED")}
    rows = re.findall(r"^\| (\d+) \| ([A-Z_, ]+) \|", (root / "docs/install-failures.md").read_text(), re.M)
    equal(sorted({(code, name) for code, names in rows for name in names.split(", ")}), sorted(known))
    return f"{len(known)} names"


TESTS = [("every failure of a script is in the table for people", told_to_people), ("every requirement has its line, and every test named there exists", whole)]
