"""Kills the script at its steps and pastes the same command again (R1, R21); looks for secrets in every argument and environment (R15, R16)."""
import concurrent.futures
import json
import re
import shutil

import render
from checking import Skip, contains, equal
from machine import HERE, REAL, Machine

TOOLS = """apt-cache apt-get cat chmod cp curl cut date getent grep head id ip ln mkdir mktemp modprobe mv ping restorecon rm rmdir sed sleep sort
systemctl tail timeout touch tr uname wc wg wg-quick sh""".split()
CHANGING = {"chmod", "cp", "curl", "ip", "mkdir", "mv", "ping", "rm", "rmdir", "wg", "wg-quick", "systemctl", "modprobe", "sleep", "timeout"}


def traced(place, name, systemd=False):
    machine = Machine(place.path(name))
    if systemd:
        machine.use_systemd()
    for tool in TOOLS:
        if tool != "sh" and (tool in CHANGING or shutil.which(tool) or (machine.fake / "bin" / tool).exists()):
            (machine.root / "trace" / tool).symlink_to(HERE / "fakes" / "tracer")
    return machine, f"{machine.root}/trace:{machine.fake}/bin:{REAL}"


def calls_of(machine):
    """Calls after the copy is written."""
    calls = machine.read("fake/calls").splitlines()
    start = next(n for n, call in enumerate(calls) if re.match(r"mv -f .*/install\.sh$", call))
    return calls, start + 1


def kill_and_resume(place, number, at, what, systemd):
    machine, path = traced(place, f"{what}{number}{systemd}", systemd)
    token = place.hub.new_token(SPOKE_ID=f"a1b2c3d4-e5f6-4890-abcd-{number:012d}")
    machine.set("kill-at", str(at))
    machine.set("kill-what", what)
    status, output = machine.install(token, path=path)
    assert machine.exists("fake/killed"), f"not killed at {at}: {output}"
    call = machine.read("fake/calls").splitlines()[at - 1]
    where = f"killed at call {at} ({call}), then:\n"
    key = machine.key() if machine.exists("etc/wireguard/wg0.key") else None
    (machine.fake / "kill-at").unlink()
    status, output = machine.install(token, path=path)
    equal(status, 0, where + output)
    equal(token.state, "registered", where)
    equal({b["publicKey"] for b in token.bodies}, {token.key}, where)
    if key:
        equal(machine.key(), key, where)
    key = machine.key()
    contains(machine.read("etc/wireguard/wg0.conf"), f"PrivateKey = {key}\n")
    left = [re.sub("[0-9a-f]{16}", "ID", f) for f in machine.leftovers() if "systemd" not in f]
    equal(sorted(left), sorted(["etc/wireguard/wg0.conf", "etc/wireguard/wg0.key", "lib/wghub-spoke/ID/done", "log/wghub-install.log",
                                "sbin/wghub-uninstall", "fake/links/wg0"]), where + output)
    equal(machine.install(token), (0, "[wghub] already installed on this machine.\n"), where)
    shutil.rmtree(machine.root)


def killed_everywhere(what, systemd=False):
    def test(place):
        machine, path = traced(place, "whole", systemd)
        status, output = machine.install(place.hub.new_token(), path=path)
        equal(status, 0, output)
        calls, first = calls_of(machine)
        every = range(first + 1, len(calls) + 1)
        chosen = [n for n in every if place.full or calls[n - 1].split()[0] in CHANGING and (what == "all" or n % 3 == 0)]
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(kill_and_resume, place, n, at, what, systemd) for n, at in enumerate(chosen)]:
                done.result()
        return f"{len(chosen)} of {len(every)} calls"

    return test


def killed_twice_and_more(place):
    """The same machine, killed ever later, finishes in the end with the key of the first run."""
    machine, path = traced(place, "machine")
    token = place.hub.new_token()
    machine.set("kill-what", "all")
    for at in range(30, 130, 9):
        machine.set("kill-at", str(at))
        for name in ("killed", "calls"):
            shutil.rmtree(machine.fake / name, ignore_errors=True)
            (machine.fake / name).unlink(missing_ok=True)
        status, output = machine.install(token, path=path)
        if status == 0:
            break
    (machine.fake / "kill-at").unlink()
    equal(machine.install(token, path=path)[0], 0)
    equal({b["publicKey"] for b in token.bodies}, {token.key})


def killed_before_copy(place):
    machine, path = traced(place, "machine")
    token = place.hub.new_token()
    machine.set("kill-what", "all")
    machine.set("kill-at", "3")
    machine.install(token, path=path)
    (machine.fake / "kill-at").unlink()
    status, output = machine.install(token, path=path)
    equal(status, 42, output)
    contains(output, token.used_at, "ask for a new command")


def other_machine(place):
    first, path = traced(place, "first")
    token = place.hub.new_token()
    first.set("kill-what", "all")
    first.set("kill-at", "60")
    first.install(token, path=path)
    second = Machine(place.path("second"))
    status, output = second.install(token)
    equal(status, 42, output)
    contains(output, token.used_at)
    equal(second.leftovers(), [])
    status, output = first.run(token.values["COMMAND"].replace("sudo bash", "bash"), user=65534)
    equal(status, 10, output)
    (first.fake / "kill-at").unlink()
    equal(first.install(token, path=path)[0], 0)


def saved_file_twice(place):
    """The audited form: a downloaded file, run again after a failure and after success."""
    machine = Machine(place.path("machine"))
    token = place.hub.new_token()
    token.state = "claimed"
    script = place.path("wghub.sh")
    script.write_bytes(render.render("linux.sh.template", token.values))
    machine.fault("up")
    equal(machine.run(f"sh {script}")[0], 50)
    key = machine.key()
    machine.fault("up", False)
    equal(machine.run(f"sh {script}")[0], 0)
    equal(machine.key(), key)
    equal(machine.run(f"sh {script}"), (0, "[wghub] already installed on this machine.\n"))


def no_secret_in_arguments(fail):
    def test(place):
        if not shutil.which("strace"):
            raise Skip("no strace")
        machine = Machine(place.path("machine"))
        token = place.hub.new_token()
        token.state = "claimed"
        script = place.path("script.sh")
        script.write_bytes(render.render("linux.sh.template", token.values))
        if fail:
            machine.fault("up")
        trace = place.path("trace")
        status, output = machine.run(f"strace -f -v -s 100000 -e trace=execve -o {trace} sh {script}")
        equal(status, 50 if fail else 0, output)
        seen = trace.read_text()
        assert seen.count("execve(") > 80
        key = machine.key()
        told = json.dumps(token.reports + [dict(b, token="") for b in token.bodies])
        for name, secret, places in (("key", key, (seen, output, machine.read("log/wghub-install.log"), told)),
                                     ("token", token.values["TOKEN"], (seen, output, machine.read("log/wghub-install.log")))):
            for text in places:
                assert secret not in text, f"the {name} is in: {text[max(0, text.find(secret) - 300):][:400]}"

    return test


TESTS = [
    ("killed with everything at each step, it finishes with the same key", killed_everywhere("all")),
    ("killed alone at each step, with its children going on, it finishes", killed_everywhere("script")),
    ("killed ever later on one machine, it finishes with the first key", killed_twice_and_more),
    ("killed before the copy: a new command is needed", killed_before_copy),
    ("another machine gets 42 and nothing else; the first goes on", other_machine),
    ("a downloaded file may be run again", saved_file_twice),
    ("key and token are in no argument, environment, log or report", no_secret_in_arguments(False)),
    ("nor when the start fails", no_secret_in_arguments(True)),
]
