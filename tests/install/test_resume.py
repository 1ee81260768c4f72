"""Runs that were stopped and go on (R2, R21); looks for secrets in every argument and environment (R15, R16).

Leaves the kill at each step and the other machine to tests/api/test_install_script.py, where the hub is the real one.
"""
import json
import shutil

import render
from checking import Skip, contains, equal
from machine import Machine
from tracing import FINISHED, Traced


def killed_twice_and_more(place):
    """The same machine, killed ever later, finishes in the end with the key of the first run."""
    machine = Traced(place.path("machine"))
    token = place.hub.new_token()
    for at in range(30, 130, 9):
        machine.kill_at(at, "all")
        status, output = machine.install(token, path=machine.path)
        if status == 0:
            break
    machine.spare()
    equal(machine.install(token, path=machine.path)[0], 0)
    equal({b["publicKey"] for b in token.bodies}, {token.key})
    equal(machine.left(), FINISHED)


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
    # Nothing starts the tunnel at boot here, so after a power cut the command does.
    link = machine.fake / "links/wg0"
    link.unlink()
    machine.fault("up")
    status, output = machine.run(f"sh {script}")
    equal(status, 50, output)
    contains(output, "ERROR START_FAILED (50)")
    machine.fault("up", False)
    equal(machine.run(f"sh {script}"), (0, "[wghub] wg0 is not running, starting it.\n[wghub] already installed on this machine.\n"))
    assert link.exists()


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
    ("killed ever later on one machine, it finishes with the first key", killed_twice_and_more),
    ("a downloaded file may be run again", saved_file_twice),
    ("key and token are in no argument, environment, log or report", no_secret_in_arguments(False)),
    ("nor when the start fails", no_secret_in_arguments(True)),
]
