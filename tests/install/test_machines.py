"""The machine: package managers, kernels, init systems, shells, tools and files that the Linux script has to cope with."""
import os
import threading
import time

import render
from checking import Skip, contains, equal
from machine import Machine
from test_faults import expect, foreign, then_works


def packages(manager, code, *texts, status=0, output="", plan="", family=None, more=None):
    def test(place):
        def prepare(machine, _):
            machine.use_manager(manager, status, output, plan)
            if family:
                (machine.root / "etc/os-release").write_text(f"ID={family}\n")
            (machine.fake / "candidate").touch()
            if more:
                more(machine)

        machine, token, _ = expect(place, code, *texts, prepare=prepare, fresh=True, stage="packages" if code else "verified")
        if code:
            assert not machine.exists("etc/wireguard/wg0.conf")

    return test


def apt_lists_stale(place):
    """`update` fails for a repository that needs a subscription, but our package can be had afterwards."""
    def more(machine):
        (machine.fake / "candidate").unlink()
        machine.set("update.status", "100")
        machine.set("update-brings", "")

    packages("apt-get", 0, "connected", more=more)(place)
    calls = Machine.read(type("M", (), {"root": place.path("machine")}), "fake/packages")
    contains(calls, "--no-install-recommends wireguard-tools", "Timeout=180 update")


def all_there(place):
    def prepare(machine, _):
        machine.use_manager("apt-get", 1)

    machine, _, _ = expect(place, 0, "connected", prepare=prepare)
    assert not machine.exists("fake/packages")


def no_client(place):
    machine = Machine(place.path("machine"))
    token = place.hub.new_token()
    script = place.path("script.sh")
    token.state = "claimed"
    script.write_bytes(render.render("linux.sh.template", token.values))
    machine.hidden |= {"curl", "wget"}
    status, output = machine.run(f"sh {script}")
    equal(status, 12, output)
    contains(output, "MISSING_TOOL (12)", "curl", "could not be told")
    machine2 = Machine(place.path("machine2"))
    machine2.hidden |= {"curl"}
    status, output = machine2.run(f"sh {script}")
    equal(status, 0, output)


def no_kernel(prepare, code, *texts):
    def test(place):
        def both(machine, _):
            machine.fault("no-kernel")
            machine.no_tun()
            machine.new_root = True
            prepare(machine)

        expect(place, code, *texts, prepare=both, stage="preflight")

    return test


def modules_of_running_kernel(machine):
    (machine.root / "modules/modules/6.1.0-fake").mkdir(parents=True)
    machine.before += f"mount -t overlay overlay -o lowerdir={machine.root}/modules:/usr/lib /usr/lib\n"


def userspace(place):
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")

    def prepare(machine, _):
        machine.fault("no-kernel")
        machine.use_systemd()
        (machine.fake / "bin/wireguard-go").symlink_to("/bin/true")

    machine, token, _ = expect(place, 0, "connected", prepare=prepare)
    contains(machine.read("etc/systemd/system/wg-quick@wg0.service.d/wghub.conf"), "# managed-by: wghub", "IMPLEMENTATION=wireguard-go")
    contains(token.reports[-1]["reason"], "impl=userspace")


def unit_hangs(place):
    def prepare(machine, _):
        machine.use_systemd()
        machine.fault("unit-hangs")

    expect(place, 50, "START_FAILED (50)", prepare=prepare, stage="started")


def not_enabled(place):
    def prepare(machine, _):
        machine.use_systemd()
        machine.fault("enable")

    _, token, _ = expect(place, 0, "WARNING: the tunnel is not started at boot", prepare=prepare)
    contains(token.reports[-1]["reason"], "persistent=false")


def systemd(place):
    machine, token, output = expect(place, 0, "connected", prepare=lambda m, t: m.use_systemd())
    assert "WARNING" not in output
    contains(machine.read("fake/systemctl"), "daemon-reload\n", "enable wg-quick@wg0\n", "restart --no-block wg-quick@wg0\n", "is-active wg-quick@wg0\n")
    contains(token.reports[-1]["reason"], "impl=kernel persistent=true")


def dns_skipped(place):
    machine, token, _ = expect(place, 0, "WARNING: DNS skipped", token=place.hub.new_token(DNS_SERVERS="1.1.1.1, 8.8.8.8"))
    assert "DNS" not in machine.read("etc/wireguard/wg0.conf")
    contains(token.reports[-1]["reason"], "dns=skipped")


def mtu_too_large(place):
    machine, token, _ = expect(place, 0, "WARNING: packets of 1420 bytes", "wg0.conf", "connected", prepare=lambda m, t: m.fault("mtu"))
    assert token.reports[-1]["reason"].endswith(" mtu=1420"), token.reports[-1]
    contains(machine.read("fake/pings"), "-M do -c 1 -W 2 -s 1392 10.77.1.1\n")


def mtu_unknown(place):
    """Where ping cannot be told to keep a packet whole (busybox), and where the packet gets through, nothing is said."""
    for name in ("old-ping", None):
        machine, token = Machine(place.path(f"machine-{name}")), place.hub.new_token()
        if name:
            machine.fault(name)
        status, output = machine.install(token)
        equal(status, 0, output)
        assert "packets" not in output and "mtu" not in token.reports[-1]["reason"], output


def firewall(name, script):
    def test(place):
        def prepare(machine, _):
            (machine.fake / "bin" / name).write_text(f"#!/bin/dash\n{script}\n")
            (machine.fake / "bin" / name).chmod(0o755)

        program = {"firewall-cmd": "firewalld"}.get(name, name)
        machine, token, output = expect(place, 0, f"{program} is active", "rule on wg0", prepare=prepare)
        assert token.reports[-1]["reason"].endswith(f" firewall={program}"), token.reports[-1]
        equal(output.count(program), 1)
        (machine.fake / "bin" / name).write_text("#!/bin/dash\necho 'Status: inactive'\nexit 252\n")
        token = place.hub.new_token()
        status, output = machine.install(token)
        equal(status, 0, output)
        assert program not in output and "firewall" not in token.reports[-1]["reason"], output

    return test


def no_timeout_program(place):
    """What hangs is ended all the same: the resolver here, after 15 s."""
    machine, token = Machine(place.path("machine")), place.hub.new_token(HUB_ENDPOINT="hub.example.com:51820")
    machine.hidden.add("timeout")
    equal(machine.install(token)[0], 0)
    machine, token = Machine(place.path("hanging")), place.hub.new_token(HUB_ENDPOINT="hub.example.com:51820")
    machine.hidden.add("timeout")
    (machine.fake / "bin/getent").write_text("#!/bin/dash\nexec /usr/bin/sleep 77\n")
    began = time.monotonic()
    status, output = machine.install(token)
    equal(status, 13, output)
    contains(output, "hub.example.com cannot be resolved")
    assert time.monotonic() - began < 60


def busy_lock(place):
    """Two at once: the second waits, and then finds it done."""
    machine = Machine(place.path("machine"))
    token = place.hub.new_token()
    machine.set("handshake", "0")
    results = []
    (machine.fake / "bin/sleep").write_text("#!/bin/dash\nexec /usr/bin/sleep 0.2\n")
    first = threading.Thread(target=lambda: results.append(machine.install(token)))
    first.start()
    until = time.monotonic() + 10
    while not (machine.root / "run/wghub.lock/pid").exists() and time.monotonic() < until:
        time.sleep(0.02)
    second = threading.Thread(target=lambda: results.append(machine.install(token)))
    second.start()
    time.sleep(0.8)
    machine.set("handshake", "1700000000")
    first.join()
    second.join()
    equal(sorted(r[0] for r in results), [0, 0], str(results))
    contains(results[0][1] + results[1][1], "is running; waiting for it", "already installed")


def stale_lock(place):
    for owner in ("999999\n", None, "1\n"):
        machine = Machine(place.path(f"machine{owner}".strip()))
        (machine.root / "run/wghub.lock").mkdir()
        if owner:
            (machine.root / "run/wghub.lock/pid").write_text(owner)
        status, output = machine.install(place.hub.new_token())
        equal(status, 0, output)
        assert not machine.exists("run/wghub.lock")


def proxmox_host(place):
    def prepare(machine, _):
        (machine.root / "etc/pve").mkdir()
        (machine.fake / "bin/pveversion").write_text("#!/bin/dash\necho pve-manager/8.0.3/bbf3993334bfa916\n")
        (machine.fake / "bin/pveversion").chmod(0o755)

    _, token, _ = expect(place, 0, "Proxmox command", prepare=prepare)
    equal(token.bodies[0]["metadata"]["proxmoxHost"], True)


def hostnames(place):
    for number, name in enumerate((b'a"b', b"a\\b", b"a\tb", b"a\nb", b"Bob's Mac", "m\u00fcnchen".encode(), b"m\xfcnchen")):
        machine = Machine(place.path(f"machine{number}"))
        (machine.fake / "hostname").write_bytes(name)
        token = place.hub.new_token()
        status, output = machine.install(token)
        equal(status, 0, output)
        expected = "".join(chr(c) for c in name if 32 <= c < 127)
        equal(token.bodies[0]["metadata"]["hostname"], expected)
    equal(place.hub.bad_json, [])


def shells(place):
    for shell in ("bash", "dash", "busybox ash"):
        machine = Machine(place.path(shell.replace(" ", "-")))
        status, output = machine.install(place.hub.new_token(), shell=shell)
        equal(status, 0, shell + output)


def by_wget(place):
    machine, token, _ = expect(place, 0, "connected", prepare=None)
    machine = Machine(place.path("second"))
    machine.hidden.add("curl")
    token = place.hub.new_token()
    command = f"wget -qO- --no-check-certificate --pinnedpubkey='{place.hub.pin}' '{place.hub.url}/api/installation/script/{token.values['TOKEN']}?platform=linux' | sh"
    place.hub.faults["register"] = [(503, {"code": "HELPER_UNAVAILABLE"})]
    status, output = machine.run(command)
    equal(status, 0, output)
    equal(token.stages()[-1], ("verified", 0))
    third = Machine(place.path("third"))
    third.hidden.add("curl")
    token = place.hub.new_token()
    place.hub.faults["register"] = [(410, {"code": "TOKEN_ALREADY_USED", "usedAt": "2026-01-02T03:04:05Z"})]
    token.state = "unused"
    status, output = third.run(command.replace(command.split("/script/")[1].split("?")[0], token.values["TOKEN"]))
    equal(status, 42, output)
    contains(output, "2026-01-02T03:04:05Z")


def uninstall(place):
    machine, token, _ = expect(place, 0, "connected", prepare=lambda m, t: foreign(m, "mine"))
    status, output = machine.run("wghub-uninstall", user=65534)
    equal(status, 10, output)
    for _ in range(2):
        status, output = machine.run("wghub-uninstall")
        equal(status, 0, output)
    equal(machine.leftovers(), ["etc/wireguard/mine.conf"])


def modes(place):
    machine, _, _ = expect(place, 0, "connected")
    for path, mode in (("etc/wireguard", 0o700), ("etc/wireguard/wg0.conf", 0o600), ("etc/wireguard/wg0.key", 0o600), ("log/wghub-install.log", 0o600),
                       ("lib/wghub-spoke", 0o700), ("sbin/wghub-uninstall", 0o755)):
        equal(oct((machine.root / path).stat().st_mode & 0o777), oct(mode), path)
    for path in ("etc/wireguard/wg0.conf", "etc/wireguard/wg0.key", "log/wghub-install.log", "sbin/wghub-uninstall"):
        contains("\n".join(machine.read(path).splitlines()[:2]), "# managed-by: wghub spoke=a1b2c3d4-e5f6-4890-abcd-ef1234567890 hub=127.0.0.1")


def cut_in_transit(place):
    machine = Machine(place.path("machine"))
    script = render.render("linux.sh.template", place.hub.new_token().values)
    for length in (len(script) // 3, len(script) - 40):
        part = place.path("part.sh")
        part.write_bytes(script[:length])
        for shell in ("bash", "dash", "busybox ash"):
            status, output = machine.run(f"{shell} < {part}")
            assert status in (2, 127), (shell, status, output)
            equal(machine.leftovers(), [])


def openrc(place):
    machine, token, output = expect(place, 0, "connected", prepare=lambda m, t: m.use_openrc())
    assert "WARNING" not in output
    equal(str((machine.root / "etc/init.d/wg-quick.wg0").readlink()), "/etc/init.d/wg-quick")
    contains(machine.read("fake/openrc"), "rc-update add wg-quick.wg0 default\n", "rc-service wg-quick.wg0 start\n")
    equal(machine.run("wghub-uninstall; wghub-uninstall")[0], 0)
    equal(machine.leftovers(), [])
    equal([p.name for p in (machine.root / "etc/init.d").iterdir()], ["wg-quick"])


def other_shells_and_tools(place):
    """As on Alpine: busybox has all the small tools. As on Fedora: bash is sh."""
    for name in ("busybox", "bash"):
        machine = Machine(place.path(name))
        if name == "busybox":
            machine.use_busybox()
        else:
            machine.replaced["sh"] = "/bin/bash"
        token = place.hub.new_token()
        machine.fault("up")
        status, output = machine.install(token)
        equal(status, 50, output)
        key = machine.key()
        machine.fault("up", False)
        status, output = machine.install(token)
        equal((status, machine.key()), (0, key), output)
        equal(token.stages()[-1], ("verified", 0))
        for _ in range(2):
            equal(machine.run("sh /usr/local/sbin/wghub-uninstall")[0], 0)
        equal(machine.leftovers(), [])
    equal(place.hub.bad_json, [])


def selinux_labels(place):
    def prepare(machine, _):
        (machine.fake / "bin/restorecon").write_text('#!/bin/dash\necho "$*" >>"$FAKE/restorecon"\n')
        (machine.fake / "bin/restorecon").chmod(0o755)

    machine, _, _ = expect(place, 0, "connected", prepare=prepare)
    equal(machine.read("fake/restorecon"), "-RF /etc/wireguard\n")


def userspace_installed(place):
    """No WireGuard in the kernel and no wireguard-go yet: the distribution's package is asked for, by name."""
    if not os.path.exists("/dev/net/tun"):
        raise Skip("no /dev/net/tun")

    def prepare(machine, _):
        machine.fault("no-kernel")
        machine.use_manager("apt-get")
        machine.hidden.add("wireguard-go")
        (machine.fake / "candidate").touch()
        (machine.root / "tools/wireguard-go").symlink_to("/bin/true")

    machine, _, _ = expect(place, 0, "connected", prepare=prepare)
    contains(machine.read("fake/packages"), "install -y --no-install-recommends wireguard-go\n")


def older_command_forgotten(place):
    machine, first, _ = expect(place, 0, "connected")
    then_works(machine, place.hub.new_token())
    equal(len(list((machine.root / "lib/wghub-spoke").iterdir())), 1)
    equal(machine.install(first)[0], 42)


TESTS = [
    ("12: neither curl nor wget; the saved copy works later", no_client),
    ("0: everything is there: no package manager is called", all_there),
    ("0: apt installs", packages("apt-get", 0, "connected")),
    ("0: apt with a failing repository but a candidate", apt_lists_stale),
    ("20: apt fails", packages("apt-get", 20, "PACKAGES (20)", "status 100", "E: nothing works", status=100, output="E: nothing works\n")),
    ("20: apt would change the kernel", packages("apt-get", 20, "PACKAGES_DANGEROUS (20)", "linux-image", plan="Inst linux-image-amd64 (6.1)\n")),
    ("20: apt would remove packages", packages("apt-get", 20, "PACKAGES_DANGEROUS (20)", "proxmox-ve", plan="Remv proxmox-ve [8]\n")),
    ("21: apt's lock is held", packages("apt-get", 21, "PACKAGES_BUSY (21)", "1234 (unattended-upgr)", status=100,
                                       output="E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1234 (unattended-upgr)\n")),
    ("22: apt's release is gone", packages("apt-get", 22, "END_OF_LIFE (22)", more=lambda m: ((m.fake / "candidate").unlink(), m.set("update.status", "100"),
        m.set("update.out", "E: The repository 'http://mirror.example/debian buster Release' does not have a Release file.")))),
    ("0: dnf installs", packages("dnf", 0, "connected", family="fedora")),
    ("20: dnf fails", packages("dnf", 20, "PACKAGES (20)", "status 1", status=1, family="fedora")),
    ("21: dnf's lock is held", packages("dnf", 21, "PACKAGES_BUSY (21)", status=200, family="fedora")),
    ("22: dnf on a dead release", packages("dnf", 22, "END_OF_LIFE (22)", status=1, family="centos",
                                          output="Error: Failed to download metadata for repo 'appstream': Cannot prepare internal mirrorlist: No URLs in mirrorlist\n")),
    ("22: yum alone is a dead release", packages("yum", 22, "END_OF_LIFE (22)", family="centos")),
    ("0: zypper with 102", packages("zypper", 0, "connected", status=102, family="opensuse-leap")),
    ("20: zypper with 104", packages("zypper", 20, "PACKAGES (20)", status=104, family="opensuse-leap")),
    ("21: zypper is locked", packages("zypper", 21, "PACKAGES_BUSY (21)", status=7, family="opensuse-leap",
                                     output="System management is locked by the application with pid 4321 (packagekitd).\n")),
    ("0: pacman installs", packages("pacman", 0, "connected", family="arch")),
    ("20: pacman fails", packages("pacman", 20, "PACKAGES (20)", status=1, family="arch")),
    ("0: apk installs", packages("apk", 0, "connected", family="alpine")),
    ("21: apk's database is locked", packages("apk", 21, "PACKAGES_BUSY (21)", status=99, family="alpine",
                                             output="ERROR: Unable to lock database: Resource temporarily unavailable\n")),
    ("30: kernel without WireGuard, no TUN", no_kernel(modules_of_running_kernel, 30, "NO_KERNEL_SUPPORT (30)", "6.1.0-fake")),
    ("30: in a container", no_kernel(lambda m: (m.root / "run/systemd").mkdir() or (m.root / "run/systemd/container").write_text("lxc\n"), 30, "lxc.cgroup2")),
    ("30: in Docker", no_kernel(lambda m: (m.root / "run/.containerenv").touch(), 30, "NET_ADMIN")),
    ("30: WSL 2", no_kernel(lambda m: m.bind_text("/proc/version", "Linux version 5.15-microsoft-standard-WSL2\n"), 30, "wsl --update")),
    ("31: the running kernel's modules are gone", no_kernel(lambda m: None, 31, "REBOOT_NEEDED (31)", "reboot")),
    ("0: wireguard-go where the kernel cannot", userspace),
    ("50: the unit hangs", unit_hangs),
    ("0: not enabled at boot", not_enabled),
    ("0: systemd", systemd),
    ("0: DNS skipped", dns_skipped),
    ("0: large packets do not get through", mtu_too_large),
    ("0: no word about large packets where they pass or cannot be tried", mtu_unknown),
    ("0: ufw is active", firewall("ufw", "echo 'Status: active'")),
    ("0: firewalld is active", firewall("firewall-cmd", "echo running")),
    ("without a timeout program nothing hangs", no_timeout_program),
    ("two runs at once: one waits and finds it done", busy_lock),
    ("a lock of a dead or foreign process is nobody's", stale_lock),
    ("on a Proxmox host it goes on and says so", proxmox_host),
    ("hostile host names arrive as valid JSON", hostnames),
    ("bash, dash and busybox ash all install", shells),
    ("wget does where there is no curl", by_wget),
    ("the uninstaller removes what is marked and nothing else", uninstall),
    ("modes and markers of all files", modes),
    ("2/127: cut in transit", cut_in_transit),
    ("OpenRC starts it at boot; the uninstaller undoes that", openrc),
    ("busybox tools, and bash as sh, install, roll back and uninstall", other_shells_and_tools),
    ("SELinux labels are set on what was written", selinux_labels),
    ("wireguard-go comes from the distribution", userspace_installed),
    ("a newer command replaces the state of the older one", older_command_forgotten),
]
