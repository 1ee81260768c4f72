"""Every row of the failure table that can happen on a Mac: exit code, what the person reads, what the hub is told, what stays.

Every run also shows that no option was used that only GNU's tools know, that no name server was touched, and that /proc and /run are not needed.
"""
import os
import subprocess
import time

import render
import sample
from checking import contains, equal
from mac_machine import MacMachine, plist_of

HUB = "hub.example.com:51820"


def mac(place, name="mac", **options):
    return MacMachine(place.path(name), **options)


def install(machine, token, code, *texts, **options):
    status, output = machine.install(token, **options)
    equal(status, code, output)
    contains(output, *texts)
    equal(machine.wrongs(), [], output)
    return output


def expect(place, code, *texts, prepare=None, token=None, stage=None, left=None, arm=True, with_tools=True, **options):
    machine, token = mac(place, arm=arm, with_tools=with_tools), token or place.hub.new_token()
    if prepare:
        prepare(machine)
    output = install(machine, token, code, *texts, **options)
    if stage:
        assert (stage, code) in token.stages(), f"{stage} {code} not among {token.stages()}"
    if left is not None:
        equal(machine.leftovers(), left, output)
    return machine, token, output


def kept(machine):
    """What is left without logs and state."""
    return [file for file in machine.leftovers() if not file.startswith(("/var/log/wghub-install", "/var/lib/"))]


def foreign(machine, path, text="[Interface]\nPrivateKey = mine\n"):
    machine.at(path).parent.mkdir(parents=True, exist_ok=True)
    machine.at(path).write_text(text)


def no_homebrew(arm, prepare=None, env=None, *texts):
    def test(place):
        def both(machine):
            if prepare:
                prepare(machine)
            else:
                machine.at(f"{machine.prefix}/bin/brew").unlink()

        machine, token, _ = expect(place, 23, "HOMEBREW_NEEDED (23)", *texts, arm=arm, with_tools=False, prepare=both, env=env, stage="preflight")
        assert not token.bodies and not machine.exists("/etc/wireguard")
        machine.add_tools()
        install(machine, token, 0, "going on with the unfinished installation", "connected")

    return test


def intel_homebrew_on_arm(machine):
    """Left over from an older Mac: it cannot install for this processor."""
    machine.at("/opt/homebrew/bin/brew").rename(machine.at("/usr/local/bin/brew"))


def owned_by_root(machine):
    os.chown(machine.at("/usr/local/bin/brew"), 0, 0)


def homebrew_fails(code, status, text, *texts):
    def test(place):
        def prepare(machine):
            machine.set("brew.status", str(status))
            machine.set("brew.out", text)
            if not status:
                (machine.root / "tools/wireguard-go").unlink()

        machine, token, _ = expect(place, code, f"({code})", *texts, prepare=prepare, with_tools=False, stage="packages")
        assert not token.bodies
        if status:
            machine.set("brew.status", "0")
            install(machine, token, 0, "connected")

    return test


def without_root(place):
    machine, token, output = expect(place, 10, "NOT_ROOT (10)", user=65534, stage="preflight", left=[])
    contains(output, sample.for_platform(token.values, "macos")["COMMAND"], "| sudo bash")
    equal(token.state, "unused")
    install(machine, token, 0)


def other_system(place):
    machine, token, _ = expect(place, 11, "UNSUPPORTED (11)", "this is Linux, the command is for macOS", prepare=lambda m: m.set("system", "Linux"), stage="preflight", left=[])
    equal(token.state, "unused")


def saved(place, machine, token):
    """The script as a file, which a machine without curl could only have been given."""
    token.state = "claimed"
    script = place.path("wghub.sh")
    script.write_bytes(render.render("macos.sh.template", sample.for_platform(token.values, "macos")))
    return machine.run(f"sh {script}")


def no_curl(place):
    machine, token = mac(place), place.hub.new_token()
    machine.hidden.add("curl")
    status, output = saved(place, machine, token)
    equal(status, 12, output)
    contains(output, "MISSING_TOOL (12)", "curl", "could not be told")


def hub_gone(place):
    token = place.hub.new_token()
    token.values.update(BASE_URL="https://127.0.0.1:9", CALLBACK_URL="https://127.0.0.1:9/r", REPORT_URL="https://127.0.0.1:9/p")
    expect(place, 13, "HUB_UNREACHABLE (13)", "curl 7", "could not be told", token=token)


def name_unknown(place):
    machine, token, _ = expect(place, 13, "HUB_UNREACHABLE (13)", "hub.example.com cannot be resolved", token=place.hub.new_token(HUB_ENDPOINT=HUB),
                               prepare=lambda m: m.fault("names"), stage="preflight", left=[])
    machine.fault("names", False)
    install(machine, token, 0)


def resolver_hangs(place):
    """macOS has no timeout program."""
    began = time.monotonic()
    expect(place, 13, "cannot be resolved", token=place.hub.new_token(HUB_ENDPOINT=HUB), prepare=lambda m: (m.fake / "bin/dscacheutil").write_text(
        "#!/bin/dash\nexec /usr/bin/sleep 77\n"))
    assert time.monotonic() - began < 60


def wrong_pin(place):
    token = place.hub.new_token()
    token.values["CERTIFICATE_PIN"] = "sha256//" + "A" * 43 + "="
    expect(place, 14, "TLS (14)", "curl 90", token=token)


def overlap(route, *texts):
    def test(place):
        def prepare(machine):
            with open(machine.fake / "routes", "a") as routes:
                routes.write(route + "\n")

        _, token, _ = expect(place, 15, "ADDRESS_CONFLICT (15)", "10.77.1.0/24", *texts, prepare=prepare, stage="preflight", left=[])
        equal(token.state, "unused")

    return test


def names_taken(place):
    def prepare(machine):
        foreign(machine, "/etc/wireguard/wg0.conf")
        foreign(machine, "/var/run/wireguard/wghub.name", "utun7\n")
        # By a process of its own, since a socket's path may not be long.
        subprocess.run(["python3", "-c", "import socket; socket.socket(socket.AF_UNIX).bind('utun7.sock')"], cwd=machine.at("/var/run/wireguard"), check=True)

    machine, token, _ = expect(place, 16, "NAME_CONFLICT (16)", "interface wghub", "WGHUB_IFACE", prepare=prepare, stage="preflight")
    equal((machine.read("/etc/wireguard/wg0.conf"), token.state), ("[Interface]\nPrivateKey = mine\n", "unused"))
    install(machine, token, 0, "connected: office", env={"WGHUB_IFACE": "office"})
    equal(plist_of(machine, "office")["Label"], "org.wireguard-hub.office")


def job_taken(place):
    path = "/Library/LaunchDaemons/org.wireguard-hub.office.plist"
    machine, _, _ = expect(place, 16, "NAME_CONFLICT (16)", path, prepare=lambda m: foreign(m, path, "<plist/>\n"), env={"WGHUB_IFACE": "office"})
    equal(machine.read(path), "<plist/>\n")


def refused(code, status, values, *texts, left=()):
    def test(place):
        place.hub.faults["register"] = [(status, values)] * (4 if status >= 500 else 1)
        machine, token, _ = expect(place, code, f"({code})", *texts, stage="registered")
        if left is not None:
            equal(kept(machine), list(left))
        if code in (43, 44):
            install(machine, token, 0)

    return test


def unknown_script(place):
    status, output = mac(place).run(f"curl -sSL -k --pinnedpubkey '{place.hub.pin}' '{place.hub.url}/api/installation/script/x?platform=macos' | bash")
    equal((status, output), (40, "[wghub] ERROR: this command is unknown; ask for a new one\n"))


def start_fails(fault, text):
    def test(place):
        machine, token, _ = expect(place, 50, "START_FAILED (50)", text, prepare=lambda m: m.fault(fault), stage="started")
        equal(kept(machine), ["/etc/wireguard/wg0.key"])
        equal(list((machine.fake / "jobs").iterdir()), [])
        key = machine.key()
        machine.fault(fault, False)
        install(machine, token, 0)
        equal(machine.key(), key)

    return test


def no_handshake(transfer, text):
    def test(place):
        def prepare(machine):
            machine.set("handshake", "0")
            machine.set("transfer", transfer)

        machine, token, _ = expect(place, 60, "NO_HANDSHAKE (60)", text, prepare=prepare, stage="verified")
        assert machine.up()
        machine.set("handshake", "1700000000")
        install(machine, token, 0)

    return test


def other_family(place):
    def prepare(machine):
        machine.set("handshake", "0")
        machine.set("names", "203.0.113.5\n2001:db8::5")

    machine, _, _ = expect(place, 0, "connected", token=place.hub.new_token(HUB_ENDPOINT=HUB), prepare=prepare)
    contains(machine.read("fake/wg-set"), "set utun4 peer ", "endpoint [2001:db8::5]:51820")


def traffic_blocked(place):
    machine, _, _ = expect(place, 61, "TRAFFIC_BLOCKED (61)", prepare=lambda m: m.fault("ping"), stage="verified", token=place.hub.new_token(HUB_VPN_IP="224.0.0.1"))
    assert machine.up()


def mtu(place):
    machine, token, _ = expect(place, 0, "WARNING: packets of 1420 bytes", "connected", prepare=lambda m: m.fault("mtu"))
    assert token.reports[-1]["reason"].endswith(" mtu=1420"), token.reports[-1]
    contains(machine.read("fake/pings"), "-D -c 1 -t 2 -s 1392 10.77.1.1\n")


def internal(place):
    machine, _, _ = expect(place, 70, "INTERNAL (70)", prepare=lambda m: m.at("/opt/homebrew/bin/wg").write_text("#!/bin/dash\nexit 1\n"))
    assert not machine.exists("/etc/wireguard/wg0.conf")


def bad_plist(place):
    """plutil refuses the file: nothing of it stays."""
    machine, token, _ = expect(place, 70, "INTERNAL (70)", prepare=lambda m: (m.fake / "bin/plutil").write_text("#!/bin/dash\nexit 1\n"))
    equal(kept(machine), ["/etc/wireguard/wg0.key"])


def interrupted(place):
    machine, token = mac(place), place.hub.new_token()
    machine.set("handshake", "0")
    sleep = machine.read("fake/bin/sleep")
    (machine.fake / "bin/sleep").write_text(sleep.replace("case $1", 'if [ -s /etc/wireguard/wg0.conf ] && [ "$1" = 1 ] && [ -e /var/run/wireguard/wg0.name ] && '
                                                          '[ -e /usr/local/sbin/wghub-uninstall ]; then kill -INT "$(cat /var/run/wghub.lock/pid)"; fi\ncase $1', 1))
    install(machine, token, 130, "INTERRUPTED (130)", "rolling back")
    assert token.stages()[-1][1] == 130, token.stages()
    equal(kept(machine), ["/etc/wireguard/wg0.key"])
    key = machine.key()
    (machine.fake / "bin/sleep").write_text(sleep)
    machine.set("handshake", "1700000000")
    install(machine, token, 0)
    equal(machine.key(), key)


TESTS = [
    ("macOS 10: without root", without_root),
    ("macOS 11: the macOS command on Linux", other_system),
    ("macOS 12: no curl", no_curl),
    ("macOS 13: the hub is gone", hub_gone),
    ("macOS 13: the endpoint's name does not resolve", name_unknown),
    ("macOS 13: a resolver that hangs is ended", resolver_hangs),
    ("macOS 14: another certificate than the pinned one", wrong_pin),
    ("macOS 15: an abbreviated on-link network", overlap("10.77.1/25         link#9             UCS                   en5", "10.77.1.0/25", "en5")),
    ("macOS 15: a wider one without a prefix", overlap("10                 192.0.2.9          UGSc                  en0", "10.0.0.0/8")),
    ("macOS 15: a host route", overlap("10.77.1.200        link#11            UHS                utun9", "10.77.1.200/32", "utun9")),
    ("macOS 16: both names are taken; WGHUB_IFACE helps", names_taken),
    ("macOS 16: somebody else's job", job_taken),
    ("macOS 20: Homebrew fails; then works", homebrew_fails(20, 1, "Error: No available formula", "PACKAGES (20)", "No available formula", "status 1")),
    ("macOS 20: Homebrew succeeds but a tool is missing", homebrew_fails(20, 0, "ok", "PACKAGES (20)")),
    ("macOS 21: another Homebrew is at work; then works", homebrew_fails(
        21, 1, "Error: A `brew install` process has already locked /opt/homebrew/Cellar/bash.", "PACKAGES_BUSY (21)", "waited 180 s")),
    ("macOS 23: no Homebrew; goes on when the tools are there", no_homebrew(True, None, None, "/opt/homebrew/bin/brew", "App Store")),
    ("macOS 23: no Homebrew on Intel", no_homebrew(False, None, None, "/usr/local/bin/brew")),
    ("macOS 23: an Intel Homebrew on Apple's processor", no_homebrew(True, intel_homebrew_on_arm, None, "/opt/homebrew/bin/brew")),
    ("macOS 23: Homebrew is root's and nobody typed sudo", no_homebrew(False, owned_by_root, {"SUDO_USER": ""}, "refuses to run as root")),
    ("macOS 40: unknown token at the script", unknown_script),
    ("macOS 40: unknown token at registration", refused(40, 404, {"code": "TOKEN_NOT_FOUND"})),
    ("macOS 41: expired", refused(41, 410, {"code": "TOKEN_EXPIRED"})),
    ("macOS 42: used with another key", refused(42, 410, {"code": "TOKEN_ALREADY_USED", "usedAt": "2026-01-02T03:04:05Z"}, "2026-01-02T03:04:05Z")),
    ("macOS 43: refused; then with a new key", refused(43, 409, {"code": "PUBLIC_KEY_ALREADY_REGISTERED"})),
    ("macOS 44: the hub is busy; then works", refused(44, 503, {"code": "HELPER_UNAVAILABLE"}, left=["/etc/wireguard/wg0.key"])),
    ("macOS 45: revoked", refused(45, 410, {"code": "TOKEN_REVOKED"})),
    ("macOS 50: wg-quick fails; rolled back but for the key; then works", start_fails("up", "Failed to create TUN device")),
    ("macOS 50: wg-quick fails late", start_fails("leaves-device", "bad address")),
    ("macOS 60: nothing sent", no_handshake("0\t0", "no route")),
    ("macOS 60: nothing received", no_handshake("0\t592", "blocked")),
    ("macOS 0: the other address family gets through", other_family),
    ("macOS 61: handshake, but no traffic", traffic_blocked),
    ("macOS 0: large packets do not get through", mtu),
    ("macOS 70: an unexpected failure", internal),
    ("macOS 70: a plist that plutil refuses", bad_plist),
    ("macOS 130: Ctrl-C rolls back and keeps the key", interrupted),
]
