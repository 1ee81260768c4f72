# The crash points of the sources (common/crash_point.h): nobody keeps a list that could forget one. Leaves passing them
# to tests/api/test_crash_points.py.
import pathlib, re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
POINT = re.compile(r'WGHUB_CRASH_POINT\("([^"]+)"(?:, ([^)]+))?\)')
OPERATION = re.compile(r'^    \{EngineOperation::\w+, [^"]*"([^"]+)"', re.MULTILINE)
STATE_FILES = {"hub.key": "engine", "policy": "engine", "journal": "engine", "key.pem": "apid", "certificate.pem": "apid"}


def literals():
    """(service, first half of the name, expression of the second half or empty) of each point in the sources; the service is
    None where the file does not say it."""
    for top in ("apid", "common", "wgprivd"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in (".h", ".cpp"):
                continue
            part = path.relative_to(ROOT).parts[1]
            service = "apid" if top == "apid" else {"engine": "engine", "front": "wgprivd"}.get(part)
            for stem, expression in POINT.findall(path.read_text()):
                yield service, stem, expression


def endings(service, expression):
    """Ending of a name -> the service that passes it. An expression that is not known here is an error."""
    if expression == "found->name":
        return dict.fromkeys(OPERATION.findall((ROOT / "wgprivd/engine/engine.cpp").read_text()), service)
    return {"": {"": service}, "name_": {"journal": "engine"}, "name": STATE_FILES}[expression]


def points():
    """Name of each point -> the service that passes it, as deploy/lib/services.toml calls that."""
    found = {}
    for service, stem, expression in literals():
        for ending, passer in endings(service, expression).items():
            assert passer and stem + ending not in found, f"{stem}{ending}: whose, or twice"
            found[stem + ending] = passer
    return found
