"""The Windows script, read and not run: no PowerShell runs here, so its syntax tree is held to the requirements (R60 to R71 and what else
is Windows's part), by the programs in powershell/. Each check is shown to notice its faults in scripts that are broken on purpose."""
import functools
import json
import os
import pathlib
import re
import subprocess

import render
import sample
from checking import contains, equal
from windows_mutations import MUTATIONS

CHECKER = pathlib.Path(__file__).resolve().parent / "powershell"
NPM_PACKAGES = CHECKER.parent.parent / "lib/npm_packages"
REQUIREMENTS = [f"R{number}" for number in (1, *range(15, 33), *range(60, 73))]  # some of them, like R62, share a check
PIN = "sha256//" + "A" * 43 + "="


def values(**changes):
    plain = sample.values(pin=PIN)
    command = f"(curl.exe -sSL --proto '=https' --tlsv1.2 -k --pinnedpubkey '{PIN}' '{plain['BASE_URL']}/x') -join \"`n\" | Invoke-Expression"
    return {**plain, "PLATFORM": "windows", "COMMAND": command, **changes}


def script(**changes):
    return render.render("windows.ps1.template", values(**changes)).decode("ascii")


def read(jobs):
    """What powershell/run.mjs says of each job."""
    node = subprocess.run([NPM_PACKAGES], check=True, capture_output=True, text=True, timeout=900).stdout.strip()
    done = subprocess.run([node, CHECKER / "run.mjs"], input=json.dumps(jobs).encode(), capture_output=True, timeout=1200,
                          env={"PATH": os.environ["PATH"]})
    equal(done.returncode, 0, done.stderr.decode())
    return json.loads(done.stdout)


@functools.cache
def judged():
    """What every check has against the script."""
    return read([{"id": "it", "text": script()}])["it"]


def holds(place):
    found = judged()
    equal({name: faults for name, faults in found.items() if faults}, {})
    return f"{len(found)} checks"


def requirement(id):
    """The checks that are for this requirement."""
    def test(place):
        found = {name: faults for name, faults in judged().items() if id in name.split()}
        assert found, "no check is for it"
        equal({name: faults for name, faults in found.items() if faults}, {})
        return "; ".join(name.split(" ", len([word for word in name.split() if re.fullmatch(r"R\d+", word)]))[-1] for name in found)

    return test


def notices(place):
    whole = script()
    jobs = [{"id": "it", "text": whole}]
    for number, (check, old, new) in enumerate(MUTATIONS):
        assert old in whole, f"{check}: {old!r} is not in the script"
        broken = whole.replace(old, new) if old else whole + new
        jobs.append({"id": str(number), "text": broken, "only": [check]})
    found = read(jobs)
    equal(set(found["it"]) - {check for check, _, _ in MUTATIONS}, set(), "checks that nothing breaks")
    blind = [MUTATIONS[number][:2] for number in range(len(MUTATIONS)) if not found[str(number)][MUTATIONS[number][0]]]
    equal(blind, [])
    return f"{len(MUTATIONS)} broken scripts"


def cut_off(place):
    found = read([{"id": "it", "text": script(), "prefixes": 1 if place.full else 7}])["it"]
    equal(found["faults"], [])
    return found["count"][0]


def other_scripts(place):
    """The hub's error bodies for Windows are a throw of one text."""
    messages = ("it's gone", "$(id)", "`id`", "';id;'", '"', "%s", "{{TOKEN}}")
    found = read([{"id": text, "text": f"throw {render.powershell_quote(text)}\n", "literals": True} for text in messages])
    for text in messages:
        equal(found[text], {"errors": [], "literals": [render.powershell_quote(text)], "commands": []})


def hostile(place):
    """A value is one string literal, whatever it holds, and nothing more becomes a command. The typographic quotes, which PowerShell takes
    for quotes too, are not ASCII, so the hub lets none through; nor does render."""
    same = values(COMMAND="plain")
    plain = read([{"id": "it", "text": script(**same), "literals": True}])["it"]
    texts = ["$(id)", "`id`", "';id;'", '"', "%s", "{{TOKEN}}", "'@", "@'", "# x", "' + (id) + '", "'''", "{ id }", "$run", "\\"]
    found = read([{"id": text, "text": script(**{**same, "COMMAND": text}), "literals": True} for text in texts])
    for text in texts:
        equal(found[text]["errors"], [], text)
        equal(found[text]["commands"], plain["commands"], text)
        equal([got for got, was in zip(found[text]["literals"], plain["literals"]) if got != was], [render.powershell_quote(text)], text)
        equal(len(found[text]["literals"]), len(plain["literals"]), text)
    for text in ("a\u2019; id; \u2018", "a\nb", "a\u00e9", "\u201c"):
        try:
            script(COMMAND=text)
        except ValueError:
            continue
        raise AssertionError(f"{text!r} was rendered")


def plain_bytes(place):
    served = render.render("windows.ps1.template", values())
    served.decode("ascii")
    assert b"\r" not in served and b"\t" not in served and not served.startswith(b"\xef\xbb\xbf") and served.endswith(b"}\n")
    assert b"{{" not in served and b"}}" not in served


def values_last(place):
    """What stands before the first value is the same for every token, and hashed once: it has to be nearly everything."""
    template = render.load("windows.ps1.template")
    first = re.search(r"\{\{[A-Z_]+\}\}", template).start()
    assert len(template) - first < 1500, f"{len(template) - first} bytes stand behind the first value"
    names = re.findall(r"\{\{([A-Z_]+)\}\}", template)
    equal(len(names), len(set(names)), "a value stands twice")
    contains(template[first - 600:first], "function Get-Run")


TESTS = [
    ("Windows: every requirement holds in the syntax tree", holds),
    *[(f"Windows: {id} holds in the syntax tree", requirement(id)) for id in REQUIREMENTS],
    ("Windows: every check notices the faults it is for", notices),
    ("Windows: no part of a script that was cut off runs anything", cut_off),
    ("Windows: hostile values stay one string and run nothing", hostile),
    ("Windows: an error body throws one string", other_scripts),
    ("Windows: the script is pure ASCII with LF and no placeholder is left", plain_bytes),
    ("Windows: the values of a token stand at the end, once", values_last),
]
