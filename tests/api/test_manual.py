# The manual pages of the daemons and of apid.toml against the programs, and what man says of each page. wghub(1) is held to its
# program by test_wghub_command.py.
import os, re, shutil, subprocess

import pytest

from hub import PROGRAMS, SOURCE
from proofs import figure

MANUAL = f"{SOURCE}/docs/man"


def page(name):
    with open(f"{MANUAL}/{name}") as file:
        return re.sub(r"\\f[BIR]", "", file.read()).replace("\\-", "-").replace("\\(dq", '"')


def options_of(program):
    printed = subprocess.run([f"{PROGRAMS}/{program}", "--help"], capture_output=True, text=True, timeout=30).stdout
    return set(re.findall(r"--[a-z-]+", printed)) - {"--help"}


def keys_of_the_program():
    with open(f"{SOURCE}/apid/app/configuration.cpp") as file:
        text = file.read()
    table = text[text.index("setters() {"):text.index("environment_setters() {")]
    return set(re.findall(r'\{"([a-z0-9_.]+)",', table))


def keys_of_the_page():
    found, section = set(), ""
    for line in page("apid.toml.5").split(".SH KEYS")[1].splitlines():
        if line.startswith(".SS"):
            section = (re.findall(r"\[(\w+)\]", line) or [""])[0]
        if match := re.match(r"\.BR ([a-z][a-z0-9_]*) (?:\"|\" =|,)", line):
            names = [match[1], *re.findall(r'", " (\w+)$', line)]
            found |= {f"{section}.{name}" if section else name for name in names}
    return found


def test_the_page_of_the_configuration_has_every_key_and_no_other():
    assert keys_of_the_page() == keys_of_the_program()
    with open(f"{SOURCE}/deploy/apid.toml") as file:
        shown = re.findall(r'^#?([a-z_0-9]+) = (.*?)$', file.read(), re.MULTILINE)
    assert len(shown) > 10 and not [name for name, _ in shown if not re.search(rf"^\.BR .*\b{name}\b", page("apid.toml.5"), re.MULTILINE)], shown


@pytest.mark.parametrize("name, programs", [("apid.8", ["apid"]), ("wgprivd.8", ["wgprivd", "wgprivd-engine"])])
def test_the_page_of_a_daemon_has_every_option_and_no_other(name, programs):
    told = set().union(*map(options_of, programs))
    assert told and set(re.findall(r"--[a-z]+", page(name))) - {"--help"} == told, told
    for variable in re.findall(r"^\.BR ([A-Z_]+) [,.]", page(name), re.MULTILINE):
        with open(f"{SOURCE}/apid/app/configuration.cpp") as file:
            assert f'{{"{variable}",' in file.read(), variable


def test_man_has_no_complaint_about_any_page():
    if not shutil.which("man"):
        pytest.skip("needs man")
    names = sorted(os.listdir(MANUAL))
    assert names == ["apid.8", "apid.toml.5", "wghub.1", "wgprivd.8"]
    for name in names:
        done = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", f"{MANUAL}/{name}"], capture_output=True, text=True, timeout=60,
                              env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MAN_KEEP_FORMATTING": ""})
        assert (done.returncode, done.stderr) == (0, "") and "NAME" in done.stdout, (name, done.stderr)
    figure("", f"manual pages {', '.join(names)}: no complaint of man")
