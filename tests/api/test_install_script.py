# The install script against the hub itself: killed at its steps, pasted on other machines, without root, after another platform's
# command; and where its secrets go (R1, R15, R16, R21, R32). Leaves what a faulty hub or machine brings about to tests/install.
#
#   traced machines: mount namespaces with fake ip, wg and ping, in the network of the hub
#   the real one:    hub 192.0.2.1 --- 198.51.100.1 real0 --- eth0 198.51.100.2, with wg-quick and wireguard-go
import base64, collections, concurrent.futures, hashlib, os, re, shutil, signal, sys, tempfile, time

import pytest

from hub import FULL, LOGS, SLOW, SOURCE, Client, eventually, sh
from proofs import assert_invariants, figure, share
from test_lists import pages
from test_secrets import ProcWatch, files_below, forms, is_meant

sys.path.append(f"{SOURCE}/tests/install")
from machine import Machine
from real_machine import RealMachine
from tracing import CHANGING, FINISHED, Traced

DONE = (0, "[wghub] already installed on this machine.\n")
NOBODY = 65534
Finished = collections.namedtuple("Finished", "issued key story")


class Issued:
    """A token with its commands, and what the hub says about it now."""

    def __init__(self, hub, answer):
        self.hub, self.commands, token = hub, answer["installCommands"], answer["token"]
        self.id, self.text, self.spoke_id, self.address = token["id"], token["token"], token["spokeId"], token["allowedIPs"][0].split("/")[0]

    def now(self):
        return self.hub.another().get(f"/api/installation/token/{self.id}").json["token"]

    def paste(self, machine, platform="linux", **options):
        """As root already, so without sudo, which would not keep to the fake tools."""
        return machine.run(self.commands[platform].replace("| sudo bash", "| bash"), path=getattr(machine, "path", None), timeout=120 * SLOW, **options)


def issue(hub, count=1):
    answer = hub.another().post("/api/installation/tokens/bulk", {"spokes": [{"spokeName": f"machine {number}"} for number in range(count)]})
    assert answer.status == 201, answer
    return [Issued(hub, one) for one in answer.json["tokens"]]


def public_half(machine):
    """As the fake wg derives it."""
    return base64.b64encode(hashlib.sha256(machine.key().encode()).hexdigest()[:32].encode()).decode()


def assert_one_spoke_each(hub, finished):
    """For every token exactly one spoke and one peer, with the key that the machine has; and nobody saw a second key."""
    spokes, tokens = pages(hub, "/api/spoke/list", "spokes", 1000), {token["id"]: token for token in pages(hub, "/api/installation/tokens", "tokens", 1000)}
    peers = sh("wg show wg0 allowed-ips").splitlines()
    for issued, key, story in finished:
        assert [(spoke["id"], spoke["publicKey"]) for spoke in spokes if spoke["tokenId"] == issued.id] == [(issued.spoke_id, key)], story
        assert (tokens[issued.id]["state"], tokens[issued.id]["used"]) == ("registered", True), story
        assert [peer for peer in peers if key in peer or f"\t{issued.address}/32" in peer] == [f"{key}\t{issued.address}/32"], story
    touched = {issued.id for issued, _, _ in finished} | {issued.spoke_id for issued, _, _ in finished}
    assert not [event for event in pages(hub, "/api/audit", "events", 1000) if event["action"].startswith("alarm") and event["target"] in touched]
    assert_invariants(hub, [one.key for one in finished])


@pytest.fixture
def place():
    """A folder that every user may read, outside of what a machine has of its own."""
    folder = tempfile.mkdtemp(prefix="wghub-machines-", dir="/tmp")
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def kill_and_resume(folder, issued, at, what, systemd):
    machine = Traced(folder, systemd)
    machine.kill_at(at, what)
    _, output = issued.paste(machine)
    assert machine.killed(), f"not killed at {at}:\n{output}"
    story = f"killed ({what}) at call {at}, {machine.calls()[at - 1]}\n"
    key = machine.key() if machine.exists("etc/wireguard/wg0.key") else None
    machine.spare()
    status, output = issued.paste(machine)
    assert status == 0, story + output
    assert key in (None, machine.key()), story
    assert f"PrivateKey = {machine.key()}\n" in machine.read("etc/wireguard/wg0.conf"), story
    assert machine.left() == FINISHED, story + output
    assert issued.paste(machine) == DONE, story
    finished = Finished(issued, public_half(machine), story)
    shutil.rmtree(machine.root)
    return finished


@pytest.mark.parametrize("what, systemd, calls_in_ci", [("all", False, 40), ("script", False, 13), ("all", True, 8)], ids=["everything", "script-alone", "with-systemd"])
def test_killed_at_any_step_the_same_command_finishes_with_the_same_key(wide, place, what, systemd, calls_in_ci):
    whole, (issued,) = Traced(f"{place}/whole", systemd), issue(wide)
    status, output = issued.paste(whole)
    assert status == 0, output
    every, calls = whole.after_copy()
    changing = [at for at in every if calls[at - 1].split()[0] in CHANGING]
    chosen = every if FULL else changing[::-(-len(changing) // calls_in_ci)]
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        work = [pool.submit(kill_and_resume, f"{place}/{at}", issued, at, what, systemd)
                for block in range(0, len(chosen), 200) for at, issued in zip(chosen[block:block + 200], issue(wide, len(chosen[block:block + 200])))]
        finished = [Finished(issued, public_half(whole), "not killed"), *(one.result() for one in work)]
    assert_one_spoke_each(wide, finished)
    figure("", f"killed at {len(chosen)} of {len(every)} calls ({what}{', systemd' if systemd else ''}) and pasted again: finished every time, same key, {time.monotonic() - began:.0f} s")


def test_killed_before_its_copy_is_written_a_new_command_is_needed(wide, place):
    machine, (issued,) = Traced(f"{place}/machine"), issue(wide)
    machine.kill_at(3, "all")
    issued.paste(machine)
    machine.spare()
    status, output = issued.paste(machine)
    assert status == 42 and "ask for a new command" in output, output
    assert issued.now()["state"] == "claimed"
    again = Issued(wide, wide.another().post(f"/api/installation/token/{issued.id}/reissue").json)
    status, output = again.paste(machine)
    assert status == 0, output
    assert again.spoke_id == issued.spoke_id
    assert_one_spoke_each(wide, [Finished(again, public_half(machine), "reissued")])


def test_on_another_machine_the_command_ends_with_42_and_changes_nothing(wide, place):
    whole, (issued, *more) = Traced(f"{place}/whole"), issue(wide, 4)
    issued.paste(whole)
    every, calls = whole.after_copy()
    registering = next(at for at in every if calls[at - 1].startswith("curl ") and "/api/spoke/register" in calls[at - 1])
    finished = []
    for number, (issued, at) in enumerate(zip(more, (every[0], registering, registering + 1))):
        first, second = Traced(f"{place}/first{number}"), Machine(f"{place}/second{number}")
        first.kill_at(at, "all")
        issued.paste(first)
        assert first.killed()
        before = issued.now()
        status, output = issued.paste(second)
        assert status == 42 and before["usedAt"] in output, output
        assert second.leftovers() == [] and issued.now() == before
        status, output = issued.paste(first, user=NOBODY)
        assert status == 10 and "sudo" in output, output
        first.spare()
        status, output = issued.paste(first)
        assert status == 0, output
        assert issued.paste(second)[0] == 42 and second.leftovers() == []
        finished.append(Finished(issued, public_half(first), f"killed at {calls[at - 1]}"))
    assert_one_spoke_each(wide, finished)


def windows_tells_the_hub(issued):
    """What the script for Windows does where it cannot run, as far as the hub sees it: there is no PowerShell here."""
    client = Client({"Accept": "*/*"})
    script = client.get(f"/api/installation/script/{issued.text}?platform=windows").text
    body = windows_text(script, "Send-Report", {"Token": issued.text, "Os": "windows", "Stage": "preflight", "Code": "10", "why": "NOT_ADMINISTRATOR: x", "detail": "a\\nb"})
    return client.post("/api/installation/report", raw=body.encode())


def windows_text(script, function, values):
    """The body that a function of the Windows script puts together, with these values for its variables."""
    text = re.search(rf"function {function} .*?\n\}}\n", script, re.S)[0]
    body = re.search(r"'\{\".*?\}'\n", text, re.S)[0]
    for command in re.findall(r"\((ConvertTo-JsonText[^\n]*?)\) \+\s", body):
        body = body.replace(f"({command})", "$converted")
    parts = re.findall(r"'([^']*)'|\$(?:run\.)?(\w+)|(\(Get-Metadata\))", body)
    return "".join(literal or values["metadata" if call else name] if name or call else literal for literal, name, call in parts)


def test_the_hub_takes_what_the_script_for_windows_registers(wide):
    (issued,) = issue(wide)
    script = Client({"Accept": "*/*"}).get(f"/api/installation/script/{issued.text}?platform=windows").text
    metadata = windows_text(script, "Get-Metadata", {"converted": "1.1.1", "Architecture": "amd64"})
    key = base64.b64encode(os.urandom(31) + b"\x20").decode()
    body = windows_text(script, "Register-Spoke", {"Token": issued.text, "PublicKey": key, "Os": "windows", "metadata": metadata})
    answer = Client({"Accept": "text/plain"}).post("/api/spoke/register", raw=body.encode())
    assert answer.status == 201 and f"publicKey={key}" in answer.text, answer.text
    told = wide.admin.get(f"/api/spoke/{issued.spoke_id}/status").json["spoke"]["metadata"]
    assert (told["wireguardVersion"], told["hostname"], told["architecture"]) == ("1.1.1", "1.1.1", "amd64"), told


def test_without_root_and_with_other_platforms_commands_first_the_right_one_then_works(wide, place):
    machine, (issued,) = Machine(f"{place}/machine"), issue(wide)

    def nothing_happened():
        return machine.leftovers() == [] and issued.now()["state"] == "unused"
    status, output = issued.paste(machine, user=NOBODY)
    assert status == 10 and issued.commands["linux"] in output and nothing_happened(), output
    for platform, hint in (("macos", "the command for Linux"), ("proxmox", "the Linux one")):
        status, output = issued.paste(machine, platform)
        assert status == 11 and hint in output and nothing_happened(), output
    status, output = issued.paste(machine, "windows")  # no command that bash could run
    assert status != 0 and nothing_happened(), output
    assert windows_tells_the_hub(issued).status == 202 and nothing_happened()
    status, output = issued.paste(machine)
    assert status == 0, output
    assert_one_spoke_each(wide, [Finished(issued, public_half(machine), "after four wrong ways")])
    actions = collections.Counter(event["action"] for event in wide.audit(target=issued.id))
    assert (actions["token.claimed"], actions["token.released"]) == (5, 4), actions


@pytest.fixture(scope="module")
def real(wide):
    if not os.path.exists("/dev/net/tun"):
        pytest.skip("not here: /dev/net/tun")
    machine = RealMachine("real0", "198.51.100.1", "198.51.100.2", ["192.0.2.0/24"])
    yield machine
    machine.end()


def own_key(machine, issued):
    """The public half of the key that the machine made for this spoke, or None."""
    return machine.run(f"grep -qs 'spoke={issued.spoke_id} ' /etc/wireguard/wg0.key && sed 1d /etc/wireguard/wg0.key | wg pubkey", check=False).stdout.strip() or None


def spoke_of(hub, issued):
    return hub.another().get(f"/api/spoke/{issued.spoke_id}/status").json["spoke"]


def begin(machine, issued):
    """Starts the shown command and waits until the saved script is at work; its process on the machine's side."""
    lock = machine.file("/run/wghub.lock/pid")
    lock.unlink(missing_ok=True)
    started = machine.start(issued.commands["linux"])
    eventually(lambda: lock.exists() and lock.read_text().strip(), every=0.01)
    return started, int(lock.read_text())


def kill_all(processes):
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def test_killed_for_real_the_same_command_finishes_and_the_spoke_turns_active(wide, real):
    wanted, finished, killed = share(5, 16), [], 0
    (whole,) = issue(wide)
    started, _ = begin(real, whole)
    began = time.monotonic()
    assert started.wait(60) == 0
    length = time.monotonic() - began
    for number, issued in enumerate(issue(wide, 4 * wanted)):
        if killed == wanted:
            break
        started, script = begin(real, issued)
        time.sleep(killed / wanted * length)
        everything = number % 2 == 0  # as in a power cut; else wg-quick and wireguard-go go on
        kill_all(real.processes() if everything else [script])
        if started.wait(60) == 0:  # through before the kill: the next time sooner
            length *= 0.8
            continue
        key, story = own_key(real, issued), f"killed {'with everything ' if everything else ''}after {killed}/{wanted} of {length:.2f} s\n"
        killed += 1
        done = real.run(issued.commands["linux"], check=False)
        assert done.returncode == 0 and ("connected: wg0" in done.stdout or DONE[1] in done.stdout), story + done.stdout
        assert key in (None, own_key(real, issued)), story
        pinged = real.run("ping -n -c 1 -W 2 10.84.0.1", check=False)
        assert pinged.returncode == 0, story + done.stdout + pinged.stdout
        finished.append(Finished(issued, own_key(real, issued), story))
    assert killed == wanted
    active = max(eventually(lambda: spoke_of(wide, one.issued)["status"] == "active", 10) for one in reversed(finished))
    assert all(spoke_of(wide, one.issued)["lastHandshake"] for one in finished)
    assert_one_spoke_each(wide, finished)
    figure("", f"a real machine killed {killed} times within {length:.1f} s: finished every time; active {active:.1f} s after the last command's end")


SHOWN = re.compile(r"""\["curl", "-sSL", .*, "https://[^"]*/api/installation/script/[^"]*"\],""")
LEAKY = """#!/bin/sh
# A wg-quick that fails and says far too much.
cat /etc/wireguard/wg0.conf
exit 1
"""


def traced_paste(real, issued, trace):
    """Pastes the command under strace, to the end of the tunnel, since the tracer stays as long as wireguard-go; what the script says."""
    def said():
        with open(f"{trace}.said") as file:
            return file.read()
    started = real.start(f"exec strace -f -v -s 100000 -e trace=execve -o {trace} bash >{trace}.said 2>&1\n{issued.commands['linux']}")
    eventually(lambda: os.path.exists(f"{trace}.said") and "connected: wg0" in said(), 60)
    assert own_key(real, issued)
    eventually(lambda: not real.file("/run/wghub.lock").exists())
    real.run("ping -n -c 1 -W 2 10.84.0.1 && wg-quick down wg0")
    assert started.wait(60) == 0
    return said()


def install_with_known_secrets(hub, real, known, trace):
    """A run that fails and has much in its log to report, then one that works, with every program it starts traced; where to search."""
    known["hub's private key"] = sh("wg show wg0 private-key").strip()
    known["API token"] = hub.admin.headers["Authorization"].removeprefix("Bearer ")
    known["session"] = hub.person.headers["Cookie"].split("=", 1)[1]
    answer = hub.token("secrets")
    issued, known["token"] = Issued(hub, answer), answer["token"]["token"]
    wg_quick, log = real.file("/usr/local/sbin/wg-quick"), real.file("/var/log/wghub-install.log")
    wg_quick.write_text(LEAKY)
    wg_quick.chmod(0o755)
    failed = real.run(issued.commands["linux"], check=False)
    wg_quick.unlink()
    assert failed.returncode == 50, failed.stdout
    known["machine's private key"] = real.file("/etc/wireguard/wg0.key").read_text().splitlines()[1]
    assert known["machine's private key"] in log.read_text(), "nothing there that the report could have given away"
    log.unlink()
    said = traced_paste(real, issued, trace)
    timeline = hub.admin.get(f"/api/installation/token/{issued.id}").json["timeline"]
    assert [entry["code"] for entry in timeline if entry["code"]] == [50] and "[private key line]" in str(timeline), timeline
    for path in (f"/api/spoke/{issued.spoke_id}/status", "/api/spoke/list", "/api/installation/tokens", "/api/audit?limit=1000", "/api/hub/status"):
        assert hub.admin.get(path).status == 200
    # The shown command itself names the token: its curl is the one program that may.
    with open(trace) as file:
        started = [line for line in file if "execve(" in line and not SHOWN.search(line)]
    assert len(started) > 80
    return {"what the script says": said.encode(), "its log": log.read_bytes(), "every execve": "".join(started).encode()}


def test_the_scripts_secrets_are_nowhere_but_where_they_must_be(wide, real, place):
    known, Client.heard = {}, []
    try:
        with ProcWatch() as watch:
            places = install_with_known_secrets(wide, real, known, f"{place}/trace")
        answers = Client.heard
    finally:
        Client.heard = None
    places |= {path: open(path, "rb").read() for path in files_below(LOGS, "/var/lib/wireguard-hub", "/var/lib/wireguard-hub-privileged", "/run/wireguard-hub-api") if os.path.isfile(path)}
    assert any(path.endswith("-wal") for path in places)
    url = f"/api/installation/script/{known['token']}?platform=linux"
    shown = {text for kind, text in watch.seen if kind == "cmdline" and text.startswith(b"curl\0-sSL\0") and url.encode() in text}
    places |= {f"/proc/*/{kind}": b"\n".join(text for found, text in watch.seen if found == kind and text not in shown) for kind in ("cmdline", "environ")}
    sought = {name: forms(secret) for name, secret in known.items()}
    leaks = [(name, place) for name, wanted in sought.items() for place, text in places.items() if any(form in text for form in wanted)]
    for method, path, status, headers, body in answers:
        leaks += [(name, f"{status} to {method} {path}") for name, wanted in sought.items()
                  if any(form in headers.encode() + body for form in wanted) and not is_meant(name, method, path, status)]
    assert not leaks, leaks
    assert b"install.sh" in places["/proc/*/cmdline"] and "registered" in str(places), "the search did not see the script at work"
    figure("T4", f"install script: {len(known)} secrets sought in {len(places)} places, {sum(map(len, places.values())) >> 10} KiB, {len(watch.seen)} command lines and "
           f"environments, {len(answers)} answers: none")
