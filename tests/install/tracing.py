"""A machine whose every tool is counted, so that an installation can be killed at any of its calls (fakes/tracer does it).

Leaves what must hold afterwards to the tests.
"""
import re
import shutil

from machine import HERE, REAL, Machine

TOOLS = """apt-cache apt-get cat chmod cp curl cut date getent grep head id ip ln mkdir mktemp modprobe mv ping restorecon rm rmdir sed sleep sort
systemctl tail timeout touch tr uname wc wg wg-quick sh""".split()
CHANGING = {"chmod", "cp", "curl", "ip", "mkdir", "mv", "ping", "rm", "rmdir", "wg", "wg-quick", "systemctl", "modprobe", "sleep", "timeout"}


class Tracing:
    """What a traced machine can do, whatever its system."""

    def trace(self, tools):
        for tool in tools:
            (self.root / "trace" / tool).symlink_to(HERE / "fakes" / "tracer")
        self.path = f"{self.root}/trace:{self.fake}/bin:{REAL}"

    def kill_at(self, call, what):
        """what: all (every process) or script (only the script, its children go on)."""
        (self.fake / "calls").unlink(missing_ok=True)
        if self.killed():
            (self.fake / "killed").rmdir()
        self.set("kill-at", str(call))
        self.set("kill-what", what)

    def spare(self):
        (self.fake / "kill-at").unlink()

    def killed(self):
        return self.exists("fake/killed")

    def calls(self):
        return self.read("fake/calls").splitlines()

    def after_copy(self):
        """Numbers of the calls from which on the copy is there, and the calls themselves; the first call is 1."""
        calls = self.calls()
        written = next(n for n, call in enumerate(calls, 1) if re.match(r"mv -f .*/install\.sh$", call))
        return range(written + 1, len(calls) + 1), calls

    def left(self):
        """What is there now, without what no two runs have in common."""
        return sorted(re.sub("[0-9a-f]{16}", "ID", file) for file in self.leftovers() if "systemd" not in file)


class Traced(Tracing, Machine):
    def __init__(self, directory, systemd=False):
        super().__init__(directory)
        if systemd:
            self.use_systemd()
        self.trace(tool for tool in TOOLS if tool != "sh" and (tool in CHANGING or shutil.which(tool) or (self.fake / "bin" / tool).exists()))


# After an installation that is through.
FINISHED = sorted(["etc/wireguard/wg0.conf", "etc/wireguard/wg0.key", "lib/wghub-spoke/ID/done", "log/wghub-install.log", "sbin/wghub-uninstall",
                   "fake/links/wg0"])
