# Every failure that an install script can meet, one row each: the fault made on a fake machine, the exit code and text that a
# person gets, and what the hub then shows of the token. The hub is the real one. Leaves what stays on the machine to tests/install.
import concurrent.futures, os, re, shutil, signal, tempfile, time
from dataclasses import dataclass, field
from typing import Callable

import pytest

from hub import SLOW, eventually
from proofs import figure, random_key
from test_install_script import NOBODY, issue

from mac_machine import MacMachine
from machine import Machine

LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (unattended-upgr)\n"
DEAD = "E: The repository 'http://mirror.example/debian buster Release' does not have a Release file."


@pytest.fixture
def place():
    folder = tempfile.mkdtemp(prefix="wghub-failures-", dir="/tmp")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@dataclass
class Case:
    """One row: a fault, how it is made, and what must come of it. shows: parts of what the hub says of the token then."""

    fault: str
    code: int
    text: str
    shows: tuple
    prepare: Callable = lambda machine: None
    act: Callable = lambda hub, machine, issued, platform, options: issued.paste(machine, platform, **options)
    platform: str = "linux"
    kind: type = Machine
    tools: bool = True
    options: dict = field(default_factory=dict)


def set_routes(machine):
    machine.set("routes", "default via 192.0.2.1 dev eth0\n10.84.0.0/20 dev vmbr0 proto kernel scope link")


def take_names(machine):
    for name in ("wg0", "wghub"):
        (machine.root / f"etc/wireguard/{name}.conf").write_text("[Interface]\n")


def no_ip(machine):
    (machine.fake / "bin/ip").unlink()
    machine.hidden.add("ip")


def apt(status=100, output="E: nothing works\n", plan="", candidate=True):
    def prepare(machine):
        machine.use_manager("apt-get", status, output, plan)
        if candidate:
            (machine.fake / "candidate").touch()
        else:
            machine.set("update.status", "100")
            machine.set("update.out", DEAD)
    return prepare


def no_kernel(with_modules):
    def prepare(machine):
        machine.fault("no-kernel")
        machine.no_tun()
        machine.new_root = True
        if with_modules:
            (machine.root / "modules/modules/6.1.0-fake").mkdir(parents=True)
            machine.before += f"mount -t overlay overlay -o lowerdir={machine.root}/modules:/usr/lib /usr/lib\n"
    return prepare


def silent(machine):
    machine.set("handshake", "0")
    machine.set("transfer", "0\t592")


def no_persistence(machine):
    machine.use_systemd()
    machine.fault("enable")


def broken_wg(machine):
    (machine.fake / "bin/wg").write_text("#!/bin/dash\nexit 1\n")


def ctrl_c(machine):
    silent(machine)
    (machine.fake / "bin/sleep").write_text('#!/bin/dash\n[ -e /run/wghub.lock/pid ] && kill -INT "$(cat /run/wghub.lock/pid)"\nexec /usr/bin/sleep 0.1\n')


def edited(*edits):
    """The served script with values changed on its way: what the machine then meets is not what the hub wrote."""
    def act(hub, machine, issued, platform, options):
        script = machine.root / "edits.sed"
        script.write_text("\n".join(edits) + "\n")
        return machine.run(issued.commands[platform].replace("| sudo bash", f"| sed -f {script} | bash"), timeout=120 * SLOW, **options)
    return act


def unknown(hub, machine, issued, platform, options):
    return machine.run(issued.commands[platform].replace(issued.text, "A" * 43).replace("| sudo bash", "| bash"))


def on_second_machine(hub, machine, issued, platform, options):
    """Registered on one machine, then pasted on this one; and a script that somebody kept registers another key."""
    first = Machine(f"{machine.root}-first")
    status, output = issued.paste(first)
    assert status == 0, output
    assert hub.register(issued.text, random_key()).code == "TOKEN_ALREADY_USED"
    return issued.paste(machine)


def with_a_key_of_another(hub, machine, issued, platform, options):
    (other,) = issue(hub)
    first = Machine(f"{machine.root}-first")
    status, output = other.paste(first)
    assert status == 0, output
    wg = (machine.fake / "bin/wg").read_text()
    (machine.fake / "bin/wg").write_text(re.sub(r"genkey\) .* ;;", f"genkey) echo '{first.key()}' ;;", wg))
    return issued.paste(machine)


def without_helper(hub, machine, issued, platform, options):
    """No helper from the moment that the script registers: every try gets 503."""
    mark = f"{machine.root}/registering"
    curl = machine.fake / "bin/curl"
    curl.write_text(f'#!/bin/dash\ncase "$*" in */spoke/register*) touch {mark}; until [ -e {mark}.stopped ]; do /usr/bin/sleep 0.05; done ;; esac\n'
                    'exec /usr/bin/curl "$@"\n')
    curl.chmod(0o755)
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        running = pool.submit(issued.paste, machine)
        eventually(lambda: os.path.exists(mark), 30)
        stopped = [hub.pid("wgprivd"), hub.pid("wgprivd-engine")]
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        try:
            open(f"{mark}.stopped", "w").close()
            return running.result()
        finally:
            for process in stopped:
                os.kill(process, signal.SIGCONT)


def revoked(hub, machine, issued, platform, options):
    assert hub.another().delete(f"/api/installation/token/{issued.id}").status == 200
    return issued.paste(machine)


def cut(hub, machine, issued, platform, options):
    """Half of the script arrives."""
    command = issued.commands[platform].replace("| sudo bash", "| head -c 20000 | bash")
    return machine.run(command)


CASES = {
    "not-root": Case("no root", 10, "run exactly this", ("unused", "preflight 10", "NOT_ROOT", "token.released"), options={"user": NOBODY}),
    "wrong-os": Case("a Mac with the Linux command", 11, "Darwin", ("unused", "preflight 11", "UNSUPPORTED", "token.released"), lambda m: m.set("system", "Darwin")),
    "no-tool": Case("no ip command", 12, "iproute2", ("unused", "preflight 12", "MISSING_TOOL"), no_ip),
    "endpoint-unknown": Case("the endpoint's name does not resolve", 13, "cannot be resolved", ("unused", "preflight 13", "HUB_UNREACHABLE"), lambda m: m.fault("names"),
                             act=edited("s/^  _endpoint=.*/  _endpoint=hub.example.com:51820/")),
    "hub-gone": Case("the hub does not answer any more", 13, "curl 7", ("claimed", "nothing after"), act=edited("s|https://192.0.2.1:[0-9]*|https://192.0.2.1:9|")),
    "tls": Case("another certificate than the pinned one", 14, "curl 90", ("claimed", "nothing after"), act=edited(f"s|_pin=.*|_pin=sha256//{'A' * 43}=|")),
    "clock": Case("certificate refused while the clock is wrong", 14, "set the clock", ("claimed", "nothing after"), act=edited("s|_pin=.*|_pin=|", "s|_created_at=.*|_created_at=9999999999|")),
    "overlap": Case("the network is on vmbr0 already", 15, "10.84.0.0/20 dev vmbr0", ("unused", "preflight 15", "ADDRESS_CONFLICT", "vmbr0"), set_routes),
    "name-taken": Case("wg0.conf and wghub.conf are somebody else's", 16, "WGHUB_IFACE=NAME", ("unused", "preflight 16", "NAME_CONFLICT"), take_names),
    "packages": Case("apt-get fails", 20, "E: nothing works", ("claimed", "packages 20", "status 100", "nothing works"), apt(), tools=False),
    "dangerous": Case("apt-get would replace the kernel", 20, "linux-image-amd64", ("claimed", "packages 20", "PACKAGES_DANGEROUS"), apt(0, "", "Inst linux-image-amd64 (6.1)\n"), tools=False),
    "busy": Case("another package manager holds the lock", 21, "1234 (unattended-upgr)", ("claimed", "packages 21", "PACKAGES_BUSY"), apt(100, LOCKED), tools=False),
    "end-of-life": Case("the release's repositories are gone", 22, "upgrade the distribution", ("claimed", "packages 22", "END_OF_LIFE"), apt(candidate=False), tools=False),
    "homebrew": Case("a Mac without Homebrew", 23, "App Store", ("claimed", "preflight 23", "HOMEBREW_NEEDED"), lambda m: m.at(f"{m.prefix}/bin/brew").unlink(),
                     platform="macos", kind=MacMachine, tools=False),
    "no-kernel": Case("no WireGuard in the kernel, no TUN", 30, "6.1.0-fake", ("claimed", "preflight 30", "NO_KERNEL_SUPPORT"), no_kernel(True)),
    "reboot": Case("the running kernel's modules are gone", 31, "reboot", ("claimed", "preflight 31", "REBOOT_NEEDED"), no_kernel(False)),
    "unknown": Case("a token that does not exist", 40, "(40)", ("unused", "nothing after"), act=unknown),
    "used": Case("the command on a second machine, another key for its token", 42, "already used at", ("registered", "verified 0", "alarm"), act=on_second_machine),
    "refused": Case("the key is another spoke's", 43, "PUBLIC_KEY_ALREADY_REGISTERED", ("claimed", "registered 43", "REFUSED"), act=with_a_key_of_another),
    "hub-error": Case("the helper hangs while the script registers", 44, "HELPER_UNAVAILABLE", ("registered 44", "HUB_ERROR"), act=without_helper),
    "revoked": Case("the token was withdrawn", 45, "(45)", ("revoked",), act=revoked),
    "start": Case("wg-quick fails", 50, "Operation not supported", ("registered", "started 50", "START_FAILED", "not supported"), lambda m: m.fault("up")),
    "not-persistent": Case("systemctl enable fails", 0, "not started at boot", ("registered", "verified 0", "persistent=false"), no_persistence),
    "dns": Case("the hub names DNS servers", 0, "DNS skipped", ("registered", "verified 0", "dns=skipped")),
    "mtu": Case("large packets are lost on the way", 0, "put a smaller MTU", ("registered", "verified 0", "mtu=1420"), lambda m: m.fault("mtu")),
    "no-handshake": Case("no handshake", 60, "is blocked on the way", ("registered", "verified 60", "NO_HANDSHAKE"), silent),
    "blocked": Case("a handshake, but nothing through the tunnel", 61, "does not answer through the tunnel", ("registered", "verified 61", "TRAFFIC_BLOCKED"), lambda m: m.fault("ping"),
                    act=edited("s/_hub_address=.*/_hub_address=224.0.0.1/")),
    "interrupted": Case("Ctrl-C while it waits", 130, "rolling back", ("registered", "verified 130", "INTERRUPTED"), ctrl_c),
    "cut": Case("half of the script arrives", 2, "", ("claimed", "nothing after"), act=cut),
    "internal": Case("wg makes no key", 70, "(70)", ("claimed", "preflight 70", "INTERNAL"), broken_wg),
}


def shown(hub, issued):
    """What an admin sees of it: state, the last report with its last line, alarms and releases."""
    details = hub.another().get(f"/api/installation/token/{issued.id}").json
    reports = [entry for entry in details["timeline"] if entry["stage"] != "fetched"]
    text = details["token"]["state"] + "; "
    if reports:
        last = reports[-1]
        text += f"{last['stage']} {last['code']} {last['reason']}"
        more = [line for line in last["detail"].splitlines() if not line.startswith("ERROR") and line != "rolling back"]
        text += f" … {more[-1]}" if more and last["code"] else ""
    else:
        text += "nothing after it" if details["token"]["used"] else "nothing after all"
    actions = [event["action"] for target in (issued.id, issued.spoke_id) for event in hub.audit(target=target)]
    return "; ".join([text, *sorted({action for action in actions if action == "token.released" or action.startswith("alarm")})])


@pytest.mark.parametrize("name", CASES)
def test_failure(wide, place, name):
    case = CASES[name]
    machine, (issued,) = case.kind(f"{place}/machine", with_tools=case.tools), issue(wide)
    case.prepare(machine)
    status, output = case.act(wide, machine, issued, case.platform, case.options)
    assert status == case.code, output
    assert case.text in output, output
    shows = shown(wide, issued)
    for part in case.shows:
        assert part in shows, shows
    said = next((line for line in reversed(output.splitlines()) if "[wghub] ERROR" in line or case.text in line), "")
    figure("R72", f"{case.fault} | {status} | {said} | {shows}")


def test_failure_of_an_expired_token(wide, place):
    with wide.with_settings(token_lifetime='"2s"'):
        machine, (issued,) = Machine(f"{place}/machine"), issue(wide)
        time.sleep(2.5)
        status, output = issued.paste(machine)
        assert status == 41 and "expired" in output, output
        shows = shown(wide, issued)
        assert shows.startswith("expired"), shows
        assert wide.another().post(f"/api/installation/token/{issued.id}/reissue").status == 201
    figure("R72", f"the token is past its time | {status} | {output.strip()} | {shows}; reissue gives a new command")
