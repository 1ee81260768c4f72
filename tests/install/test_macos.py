"""The macOS script on a faked Mac: both processors, launchd, Homebrew, routes, shells, resume, secrets, uninstall."""
import json
import os
import plistlib
import re
import subprocess
import threading
import time

import render
import sample
from checking import contains, equal
from mac_machine import FINISHED, TracedMac, plist_of
from test_macos_faults import expect, foreign, install, kept, mac
from test_text import inside


def connects(arm):
    def test(place):
        machine, token, _ = expect(place, 0, "connected: wg0", arm=arm)
        equal(machine.up(), "utun4")
        metadata = token.bodies[0]["metadata"]
        equal([metadata[k] for k in ("distribution", "hostname", "implementation", "architecture")], ["macOS 14.5", "laptop", "userspace", "arm64" if arm else "x86_64"])
        equal(token.bodies[0]["os"], "macos")
        equal(machine.read("fake/wg-quick"), "up /etc/wireguard/wg0.conf\n")
        conf = machine.read("/etc/wireguard/wg0.conf")
        assert "DNS" not in conf and "Address = 10.77.1.5/32\n" in conf, conf
        equal(install(machine, token, 0), "[wghub] already installed on this machine.\n")
        return None

    return test


def job(place):
    """R57: the keys of the job, owner and mode, and the script that it runs."""
    machine, _, _ = expect(place, 0)
    plist = plist_of(machine)
    equal(plist, {"Label": "org.wireguard-hub.wg0", "ProgramArguments": ["/bin/sh", "/etc/wireguard/wghub-up-wg0"], "RunAtLoad": True, "StartInterval": 60,
                  "AbandonProcessGroup": True, "StandardOutPath": "/var/log/wghub-up-wg0.log", "StandardErrorPath": "/var/log/wghub-up-wg0.log",
                  "EnvironmentVariables": {"PATH": "/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin", "WG_ENDPOINT_RESOLUTION_RETRIES": "15"}})
    for path, mode in (("/Library/LaunchDaemons/org.wireguard-hub.wg0.plist", 0o644), ("/etc/wireguard/wghub-up-wg0", 0o755), ("/etc/wireguard", 0o700),
                       ("/etc/wireguard/wg0.conf", 0o600), ("/etc/wireguard/wg0.key", 0o600), ("/var/log/wghub-install.log", 0o600), ("/var/lib", 0o755),
                       ("/var/lib/wghub-spoke", 0o700), ("/usr/local/sbin/wghub-uninstall", 0o755)):
        state = machine.at(path).stat()
        equal((oct(state.st_mode & 0o777), state.st_uid, state.st_gid), (oct(mode), 0, 0), path)
    marker = "# managed-by: wghub spoke=a1b2c3d4-e5f6-4890-abcd-ef1234567890 hub=127.0.0.1"
    for path in ("/Library/LaunchDaemons/org.wireguard-hub.wg0.plist", "/etc/wireguard/wghub-up-wg0", "/usr/local/sbin/wghub-uninstall", "/var/log/wghub-up-wg0.log"):
        assert marker in machine.read(path).splitlines()[:5], path
    contains(machine.read("fake/launchctl"), "bootout system/org.wireguard-hub.wg0\n", "bootstrap system /Library/LaunchDaemons/org.wireguard-hub.wg0.plist\n")


def every_minute(place):
    """The job does nothing while the tunnel is up, and brings it back after a crash or a boot; what is stale does not count."""
    machine, _, _ = expect(place, 0)
    machine.minute()
    equal(machine.read("fake/wg-quick").count("up "), 1)
    machine.at("/var/run/wireguard/utun4.sock").unlink()  # wireguard-go crashed, its name stays
    machine.minute()
    equal((machine.up(), machine.read("fake/wg-quick").count("up ")), ("utun4", 2))
    for file in machine.at("/var/run/wireguard").iterdir():
        file.unlink()  # a boot
    machine.minute()
    equal((machine.up(), machine.read("fake/wg-quick").count("up ")), ("utun4", 3))
    os.utime(machine.at("/var/run/wireguard/wg0.name"), (1, 1))  # utun4 is another tunnel's by now
    machine.minute()
    equal((machine.up(), machine.read("fake/wg-quick").count("up ")), ("utun5", 4))
    machine.fault("up")
    machine.at("/var/run/wireguard/utun5.sock").unlink()
    machine.minute()
    contains(machine.read("/var/log/wghub-up-wg0.log"), "Failed to create TUN device")
    machine.at("/var/log/wghub-up-wg0.log").write_text("x" * 1000001)
    machine.minute()
    assert machine.at("/var/log/wghub-up-wg0.log").stat().st_size < 1000
    equal(machine.wrongs(), [])


def started_again(place):
    """Somebody unloaded the job: the known command loads it again."""
    machine, token, _ = expect(place, 0)
    machine.run("launchctl bootout system/org.wireguard-hub.wg0")
    machine.at("/var/run/wireguard/utun4.sock").unlink()
    install(machine, token, 0, "wg0 is not running, starting it", "already installed")
    until = time.monotonic() + 10
    while not machine.up() and time.monotonic() < until:
        time.sleep(0.05)
    equal(machine.up(), "utun4")
    machine.run("launchctl bootout system/org.wireguard-hub.wg0")
    machine.at("/var/run/wireguard/utun4.sock").unlink()
    machine.fault("bootstrap")
    install(machine, token, 50, "START_FAILED (50)")


def bootstrap_fails(place):
    machine, token, _ = expect(place, 0, "WARNING: launchd does not take the job", "connected", prepare=lambda m: m.fault("bootstrap"))
    contains(token.reports[-1]["reason"], "persistent=false")
    equal(machine.up(), "utun4")


def bootstrap_fails_once(place):
    """As while the job of before is still being unloaded: Bootstrap failed: 5."""
    _, token, output = expect(place, 0, "connected", prepare=lambda m: m.fault("bootstrap-once"))
    assert "WARNING" not in output
    contains(token.reports[-1]["reason"], "persistent=true")


def other_user_could_write(place):
    """The fake launchd refuses such a file, as the real one does: the checks of owner and mode above mean something."""
    machine, _, _ = expect(place, 0)
    machine.run("launchctl bootout system/org.wireguard-hub.wg0")
    plist = machine.at("/Library/LaunchDaemons/org.wireguard-hub.wg0.plist")
    plist.chmod(0o666)
    equal(machine.run("launchctl bootstrap system /Library/LaunchDaemons/org.wireguard-hub.wg0.plist")[0], 5)


def homebrew(arm=True, user="ada", env=None, prepare=None):
    def test(place):
        machine, token, _ = expect(place, 0, f"with Homebrew as {user}", "connected", arm=arm, with_tools=False, env=env, prepare=prepare)
        assert ("packages", 0) in token.stages()
        contains(machine.read(f"{machine.prefix}/var/brew.log"), f"{user} /Users/{user} umask 0022")
        contains(machine.read("fake/sudo"), f"-u {user} -H ")

    return test


def rosetta(machine):
    machine.set("machine", "x86_64")


def by_proxy(place):
    """A proxy with a password reaches Homebrew, and no argument or log."""
    machine, _, _ = expect(place, 0, "connected", with_tools=False, env={"WGHUB_PROXY": "http://me:hush@127.0.0.1:9", "no_proxy": "127.0.0.1"})
    contains(machine.read("/opt/homebrew/var/brew.log"), "proxy http://me:hush@127.0.0.1:9")
    assert "hush" not in machine.read("fake/sudo") + machine.read("/var/log/wghub-install.log")


def no_overlap(place):
    routes = ["0/1                10.9.0.1           UGScg               utun9", "128.0/1            10.9.0.1           UGSc                utun9",
              "10.77/24           link#7             UCS                   en1", "10.77.2/23         link#8             UCS                   en2",
              "192.168.0/16       192.0.2.9          UGSc                  en0", "fe80::1%lo0        link#1             UHLI                  lo0",
              "10&0xff00ff00      link#9             UCS                   en3"]
    machine, _, _ = expect(place, 0, "connected", prepare=lambda m: (m.fake / "routes").write_text((m.fake / "routes").read_text() + "\n".join(routes) + "\n"))
    second = place.hub.new_token(SPOKE_IP="10.77.1.6/24")
    install(machine, second, 0, "connected")  # its own route does not stand in the way
    contains(machine.read("/etc/wireguard/wg0.conf"), "10.77.1.6/32")


def abbreviations(place):
    """netstat leaves zeros and the usual prefix away; in each shell that /bin/sh may be."""
    copy = inside(render.render("macos.sh.template", sample.for_platform(sample.values(), "macos")), "_WGHUB_COPY").decode()
    functions = copy[:copy.rindex("\n_install\n")]
    table = {"default": "0.0.0.0/0", "127": "127.0.0.0/8", "10": "10.0.0.0/8", "10/8": "10.0.0.0/8", "10/24": "10.0.0.0/24", "10.0.1/24": "10.0.1.0/24", "169.254": "169.254.0.0/16",
             "172.16/12": "172.16.0.0/12", "192.168.1": "192.168.1.0/24", "192.168.0/16": "192.168.0.0/16", "192.168.1.7": "192.168.1.7/32", "10.0.0.0/8": "10.0.0.0/8",
             "192.168.1.1/32": "192.168.1.1/32", "224.0.0/4": "224.0.0.0/4", "0/1": "0.0.0.0/1", "128.0/1": "128.0.0.0/1", "link#6": "", "": "", "fe80::1%lo0": "", "10.1/": "",
             "10&0xff00ff00": "", "1/2/3": "", ".1": "", "1..2": "", "$(id)": "", "Destination": ""}
    for shell in (["bash", "--posix"], ["dash"], ["busybox", "ash"]):
        for text, wanted in table.items():
            done = place_run(shell, functions + "\n_whole_destination \"$1\"\nprintf '%s\\n' \"$_destination\"\n", text)
            equal(done, wanted + "\n", f"{shell} {text}")


def place_run(shell, script, argument):
    return subprocess.run([*shell, "-c", script, "sh", argument], capture_output=True, text=True, check=True).stdout


def old_restored(place):
    """A replacement that does not start leaves the tunnel of before, and its job, running."""
    machine, first, _ = expect(place, 0)
    before = {path: machine.read(path) for path in ("/etc/wireguard/wg0.conf", "/etc/wireguard/wghub-up-wg0", "/Library/LaunchDaemons/org.wireguard-hub.wg0.plist")}
    original = machine.read("fake/bin/launchctl")
    refuse_new = "case $1 in bootstrap) grep -q 10.77.1.6 /etc/wireguard/wg0.conf && exit 5 ;; esac"
    (machine.fake / "bin/launchd").write_text(original)
    (machine.fake / "bin/launchd").chmod(0o755)
    (machine.fake / "bin/launchctl").write_text(f"#!/bin/dash\n{refuse_new}\nexec launchd \"$@\"\n")
    wg_quick = machine.at("/opt/homebrew/bin/wg-quick")
    text = wg_quick.read_text()
    wg_quick.write_text(text.replace("case $1 in\n", 'if grep -q 10.77.1.6 "$2"; then exit 1; fi\ncase $1 in\n', 1))
    second = place.hub.new_token(SPOKE_IP="10.77.1.6/24")
    install(machine, second, 50)
    equal({path: machine.read(path) for path in before}, before)
    until = time.monotonic() + 10
    while not machine.up() and time.monotonic() < until:
        time.sleep(0.05)
    assert machine.up() and machine.exists("/usr/local/sbin/wghub-uninstall")
    wg_quick.write_text(text)
    (machine.fake / "bin/launchctl").write_text(original)
    install(machine, second, 0)
    equal((second.key, machine.read("/etc/wireguard/wg0.conf.bak")), (first.key, before["/etc/wireguard/wg0.conf"]))


def dns_skipped(place):
    """The fake wg-quick would change the name servers of every network, as the real one does; nobody may."""
    machine, token, _ = expect(place, 0, "WARNING: DNS skipped", token=place.hub.new_token(DNS_SERVERS="1.1.1.1, 8.8.8.8"))
    contains(token.reports[-1]["reason"], "dns=skipped")


def uninstall(place):
    """As before, to the byte: files of others, jobs of others and folders stay; what macOS had not is gone."""
    def prepare(machine):
        foreign(machine, "/etc/wireguard/mine.conf")
        foreign(machine, "/Library/LaunchDaemons/com.example.mine.plist", "<plist/>\n")
        foreign(machine, "/var/log/wghub-up-other.log", "mine\n")

    machine, _, _ = expect(place, 0, prepare=prepare)
    equal(machine.run("/usr/local/sbin/wghub-uninstall", user=65534)[0], 10)
    for _ in range(2):
        status, output = machine.run("/usr/local/sbin/wghub-uninstall")
        equal(status, 0, output)
    equal(machine.leftovers(), ["/Library/LaunchDaemons/com.example.mine.plist", "/etc/wireguard/mine.conf", "/var/log/wghub-up-other.log"])
    equal((machine.wrongs(), list((machine.fake / "jobs").iterdir()), machine.exists("/var/lib")), ([], [], False))
    second = mac(place, "second", arm=False)
    install(second, place.hub.new_token(), 0)
    second.at("/etc/wireguard/wg0.conf").unlink()  # the job is found without it
    for _ in range(2):
        equal(second.run("/usr/local/sbin/wghub-uninstall")[0], 0)
    equal((second.leftovers()[:1], list((second.fake / "jobs").iterdir())), (["/var/run/wireguard/utun4.sock"], []))


def two_at_once(place):
    machine, token, results = mac(place), place.hub.new_token(), []
    machine.set("handshake", "0")
    (machine.fake / "bin/sleep").write_text("#!/bin/dash\nexec /usr/bin/sleep 0.2\n")
    runs = [threading.Thread(target=lambda: results.append(machine.install(token))) for _ in range(2)]
    runs[0].start()
    until = time.monotonic() + 15
    while not machine.exists("/var/run/wghub.lock/pid") and time.monotonic() < until:
        time.sleep(0.02)
    runs[1].start()
    while not machine.up() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.5)
    machine.set("handshake", "1700000000")
    for run in runs:
        run.join()
    equal(sorted(r[0] for r in results), [0, 0], str(results))
    contains(results[0][1] + results[1][1], "is running; waiting for it", "already installed")
    stale = mac(place, "stale")
    foreign(stale, "/var/run/wghub.lock/pid", "1\n")
    install(stale, place.hub.new_token(), 0)


def killed(what, share):
    """kill -9 and power cut at the calls of every step; the same command then finishes with the same key."""
    def test(place):
        whole, token = TracedMac(place.path("whole")), place.hub.new_token()
        whole.kill_at(10000, "all")
        install(whole, token, 0, path=whole.path)
        equal(whole.left(), FINISHED)
        every, calls = whole.after_copy()
        chosen = every if place.full else every[::-(-len(every) // share)]
        for at in chosen:
            machine, token = TracedMac(place.path(f"mac{at}")), place.hub.new_token()
            machine.kill_at(at, what)
            _, output = machine.install(token, path=machine.path)
            story = f"killed ({what}) at call {at}, {calls[at - 1]}\n"
            assert machine.killed(), story + output
            key = machine.key() if machine.exists("/etc/wireguard/wg0.key") else None
            machine.spare()
            install(machine, token, 0, path=machine.path)
            assert key in (None, machine.key()) and len({body["publicKey"] for body in token.bodies}) == 1, story
            equal([file for file in machine.left() if not file.endswith(("sock", "name"))], [file for file in FINISHED if not file.endswith(("sock", "name"))], story)
            assert machine.up(), story
            equal(install(machine, token, 0, path=machine.path), "[wghub] already installed on this machine.\n", story)
        return f"{len(chosen)} of {len(every)} calls"

    return test


def other_machine(place):
    """The second Mac learns that the command is used, and nothing is left there."""
    first, second, token = mac(place), mac(place, "second"), place.hub.new_token()
    first.fault("up")
    install(first, token, 50)
    install(second, token, 42, "already used at")
    equal(second.leftovers(), [])
    first.fault("up", False)
    install(first, token, 0, "going on with the unfinished installation")


def no_secret_in_arguments(place):
    machine, token = mac(place), place.hub.new_token()
    trace = place.path("trace")
    token.state = "claimed"
    script = place.path("script.sh")
    script.write_bytes(render.render("macos.sh.template", sample.for_platform(token.values, "macos")))
    status, output = machine.run(f"strace -f -v -s 100000 -e trace=execve -o {trace} sh {script}")
    equal(status, 0, output)
    seen, told = trace.read_text(), json.dumps(token.reports + [dict(b, token="") for b in token.bodies])
    assert seen.count("execve(") > 80
    for secret, places in ((machine.key(), (seen, output, told)), (token.values["TOKEN"], (seen, output))):
        for text in (*places, machine.read("/var/log/wghub-install.log"), machine.read("/var/log/wghub-up-wg0.log")):
            assert secret not in text, text[max(0, text.find(secret) - 300):][:400]


def host_names(place):
    for number, name in enumerate((b"Bob's Mac", b'a"b\\', "m\u00fcnchen".encode(), b"a\nb")):
        machine, token = mac(place, f"mac{number}"), place.hub.new_token()
        (machine.fake / "hostname").write_bytes(name)
        if number == 2:
            machine.fault("no-name")
        install(machine, token, 0)
        equal(token.bodies[0]["metadata"]["hostname"], "".join(chr(c) for c in name if 32 <= c < 127))
    equal(place.hub.bad_json, [])


def hyphens(place):
    """A host name with two hyphens may not end the comment that holds the marker."""
    copy = inside(render.render("macos.sh.template", sample.for_platform(sample.values("https://xn--h---b.example:8443"), "macos")), "_WGHUB_COPY").decode()
    functions = copy[:copy.rindex("\n_install\n")]
    text = place_run(["dash"], functions + "\n_values; _interface=wg0; _prefix=/usr/local; _name_job; _print_plist", "")
    equal(plistlib.loads(text.encode())["Label"], "org.wireguard-hub.wg0")
    comment = text[text.index("<!--") + 4:text.index("-->")]
    assert "--" not in comment and re.search(r"^# managed-by: wghub ", comment, re.M), comment


def shells(place):
    """/bin/sh of a Mac is bash (3.2, here as near as bash comes to it) or, if its owner chose so, dash."""
    for shell in ("bash", "dash"):
        machine, token = mac(place, shell), place.hub.new_token()
        machine.replaced["sh"] = f"/bin/{shell}"
        environment = {"BASH_COMPAT": "3.2", "POSIXLY_CORRECT": "1"}
        machine.fault("up")
        install(machine, token, 50, env=environment)
        machine.fault("up", False)
        install(machine, token, 0, env=environment)
        equal(machine.run("sh /usr/local/sbin/wghub-uninstall", env=environment)[0], 0)
        equal(kept(machine), ["/usr/local/sbin/wghub-uninstall"])


TESTS = [
    ("macOS: connects on Apple's processor", connects(True)),
    ("macOS: connects on an Intel Mac", connects(False)),
    ("macOS: the launchd job has the keys, owner and mode that it needs", job),
    ("macOS: the job does nothing while the tunnel is up, and brings it back", every_minute),
    ("macOS: a finished installation whose job is gone is started again", started_again),
    ("macOS 0: not started at boot when launchd does not take the job", bootstrap_fails),
    ("macOS 0: Bootstrap failed: 5 once", bootstrap_fails_once),
    ("macOS: launchd refuses a file that others may write", other_user_could_write),
    ("macOS: Homebrew runs as the person who typed sudo", homebrew()),
    ("macOS: Homebrew on Intel", homebrew(arm=False)),
    ("macOS: Homebrew from a shell under Rosetta", homebrew(prepare=rosetta)),
    ("macOS: root without sudo runs Homebrew as its owner", homebrew(user="nobody", env={"SUDO_USER": ""})),
    ("macOS: and on Intel, where the folder is root's", homebrew(arm=False, user="nobody", env={"SUDO_USER": "root"})),
    ("macOS: a proxy reaches Homebrew, but no argument", by_proxy),
    ("macOS 0: neighbours, halves, IPv6, masks with holes and our own route do not overlap", no_overlap),
    ("macOS: netstat's abbreviations are read rightly", abbreviations),
    ("macOS 42: on another Mac", other_machine),
    ("macOS 50: the tunnel of before is restored", old_restored),
    ("macOS 0: DNS skipped, no name server touched", dns_skipped),
    ("macOS: the uninstaller leaves the Mac as it was", uninstall),
    ("macOS: two runs at once, and a lock of nobody", two_at_once),
    ("macOS: killed at any call, the same command finishes", killed("all", 8)),
    ("macOS: the script alone killed at any call", killed("script", 4)),
    ("macOS: key and token are in no argument, environment, log or report", no_secret_in_arguments),
    ("macOS: hostile host names arrive as valid JSON", host_names),
    ("macOS: two hyphens in the hub's name", hyphens),
    ("macOS: the shells that /bin/sh may be", shells),
]
