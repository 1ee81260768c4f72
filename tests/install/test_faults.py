"""Every row of the failure table on the Linux path: exit code, what the person reads, what the hub is told, what stays on the machine."""
import time

import render
from checking import contains, equal
from machine import Machine

CLEAN = []


def expect(place, code, *texts, prepare=None, token=None, stage=None, left=None, fresh=None, kind=Machine, **options):
    """One run on a new machine of that kind; returns machine and token for more looks."""
    machine = kind(place.path("machine"), **({"with_tools": False} if fresh else {}))
    token = token or place.hub.new_token()
    if prepare:
        prepare(machine, token)
    status, output = machine.install(token, **options)
    equal(status, code, output)
    contains(output, *texts)
    if stage:
        assert (stage, code) in token.stages(), f"{stage} {code} not among {token.stages()}"
    if left is not None:
        equal(machine.leftovers(), left, output)
    return machine, token, output


def then_works(machine, token):
    status, output = machine.install(token)
    equal(status, 0, output)
    equal(token.state, "registered")


def without_root(place):
    machine, token, output = expect(place, 10, "NOT_ROOT (10)", "sudo", user=65534, stage="preflight", left=CLEAN)
    contains(output, token.values["COMMAND"])
    equal(token.state, "unused")
    then_works(machine, token)


def without_root_and_report(place):
    place.hub.faults["report"] = (503, {"code": "DATABASE_BUSY"})
    expect(place, 10, "could not be told", "New token", user=65534, left=CLEAN)


def wrong_platform(prepare, *texts):
    def test(place):
        machine, token, _ = expect(place, 11, "UNSUPPORTED (11)", *texts, prepare=prepare, stage="preflight")
        equal([f for f in machine.leftovers() if "ostree" not in f], CLEAN)
        equal(token.state, "unused")

    return test


def other_platforms_first(place):
    """Another platform's command first: the token is free again, and the right command works."""
    for platform, text in (("macos", "the command is for macOS"), ("proxmox", "not a Proxmox VE host")):
        token = place.hub.new_token()
        token.state = "claimed"
        script = place.path("script.sh")
        script.write_bytes(render.render(f"{platform}.sh.template", {**token.values, "PLATFORM": platform}))
        machine = Machine(place.path(platform))
        status, output = machine.run(f"bash < {script}", user=65534)
        equal(status, 11, output)
        contains(output, "UNSUPPORTED (11)", text)
        equal((token.state, token.reports[0]["os"]), ("unused", platform))
        then_works(machine, token)


def revoked_after_start(place):
    """Killed once it was up, and removed on the hub meanwhile: the next run takes everything away again."""
    machine = Machine(place.path("machine"))
    token = place.hub.new_token()
    machine.set("handshake", "0")
    equal(machine.install(token)[0], 60)
    place.hub.faults["register"] = (410, {"code": "TOKEN_REVOKED"})
    status, output = machine.install(token)
    equal(status, 45, output)
    equal([f for f in machine.leftovers() if not f.startswith("log/")], CLEAN)


def no_ip(place):
    def prepare(machine, _):
        (machine.fake / "bin/ip").unlink()
        machine.hidden.add("ip")

    expect(place, 12, "MISSING_TOOL (12)", "iproute2", prepare=prepare, stage="preflight", left=CLEAN)


def hub_gone(place):
    """Reachable for the script, then not: nobody can be told, so the copy stays and the same command goes on from it."""
    token = place.hub.new_token()
    values = {"BASE_URL": "https://127.0.0.1:9"}
    token.values.update({**values, "CALLBACK_URL": values["BASE_URL"] + "/r", "REPORT_URL": values["BASE_URL"] + "/p"})
    machine, _, output = expect(place, 13, "HUB_UNREACHABLE (13)", "curl 7", token=token)
    contains(output, "could not be told")
    assert any(f.endswith("install.sh") for f in machine.leftovers())


def endpoint_unknown(place):
    token = place.hub.new_token(HUB_ENDPOINT="hub.example.com:51820")
    machine, _, _ = expect(place, 13, "HUB_UNREACHABLE (13)", "hub.example.com", token=token, prepare=lambda m, t: m.fault("names"),
                           stage="preflight", left=CLEAN)
    machine.fault("names", False)
    then_works(machine, token)


def wrong_pin(place):
    """The script came with the right pin in the command; the machine then meets another certificate."""
    token = place.hub.new_token()
    token.values["CERTIFICATE_PIN"] = "sha256//" + "A" * 43 + "="
    expect(place, 14, "TLS (14)", "curl 90", token=token)


def bad_clock(place):
    token = place.hub.new_token()
    token.values.update(CERTIFICATE_PIN="", CREATED_AT=int(time.time()) + 3600)
    expect(place, 14, "TLS (14)", "set the clock", "WARNING: the clock", token=token)


def clock_only(place):
    token = place.hub.new_token(CREATED_AT=int(time.time()) + 3600)
    expect(place, 0, "WARNING: the clock", "connected", token=token)


def private_authority(place):
    token = place.hub.new_token()
    token.values["CERTIFICATE_PIN"] = ""
    expect(place, 0, "connected", token=token, env={"WGHUB_CACERT": str(place.hub.certificate)})


def overlap(route, *texts):
    def test(place):
        def prepare(machine, _):
            machine.set("routes", "default via 192.0.2.1 dev eth0\n" + route)

        _, token, _ = expect(place, 15, "ADDRESS_CONFLICT (15)", *texts, prepare=prepare, stage="preflight", left=CLEAN)
        equal(token.state, "unused")

    return test


def no_overlap(place):
    routes = "\n".join(["default via 192.0.2.1 dev eth0", "0.0.0.0/1 via 10.9.0.1 dev tun0", "128.0.0.0/1 via 10.9.0.1 dev tun0",
                        "10.77.0.0/24 dev eth1", "10.77.2.0/23 dev eth2", "10.77.1.0/24 dev wg0", "blackhole 10.0.0.0/8", "192.168.0.0/16 via 192.0.2.9 dev eth0"])
    expect(place, 0, "connected", prepare=lambda m, t: m.set("routes", routes))


def endpoint_inside(place):
    expect(place, 15, "ADDRESS_CONFLICT (15)", "10.77.1.9", token=place.hub.new_token(HUB_ENDPOINT="10.77.1.9:51820"), left=CLEAN)


def foreign(machine, name):
    (machine.root / f"etc/wireguard/{name}.conf").write_text("[Interface]\nPrivateKey = mine\n")


def names_taken(place):
    def prepare(machine, _):
        foreign(machine, "wg0")
        (machine.fake / "links/wghub").touch()

    machine, token, _ = expect(place, 16, "NAME_CONFLICT (16)", "wghub", "WGHUB_IFACE", prepare=prepare, stage="preflight")
    equal(machine.read("etc/wireguard/wg0.conf"), "[Interface]\nPrivateKey = mine\n")
    equal(token.state, "unused")
    status, output = machine.install(token, env={"WGHUB_IFACE": "office"})
    equal(status, 0, output)
    assert machine.exists("etc/wireguard/office.conf")


def name_invalid(place):
    expect(place, 16, "NAME_CONFLICT (16)", "WGHUB_IFACE", env={"WGHUB_IFACE": "../x"}, left=CLEAN)


def second_name(place):
    machine, _, _ = expect(place, 0, "connected: wghub", prepare=lambda m, t: foreign(m, "wg0"))
    equal(machine.read("etc/wireguard/wg0.conf"), "[Interface]\nPrivateKey = mine\n")


def refused(code, status, values, *texts, left=CLEAN):
    def test(place):
        place.hub.faults["register"] = (status, values)
        machine, _, _ = expect(place, code, f"({code})", *texts, stage="registered")
        if left is not None:
            equal([f for f in machine.leftovers() if not f.startswith("log/")], left)

    return test


def refused_key(place):
    """A refused key is dropped, so that the same command tries with a new one."""
    place.hub.faults["register"] = [(409, {"code": "PUBLIC_KEY_ALREADY_REGISTERED", "error": "known"})]
    machine, token, _ = expect(place, 43, "REFUSED (43)", "PUBLIC_KEY_ALREADY_REGISTERED", stage="registered")
    assert not machine.exists("etc/wireguard/wg0.key")
    then_works(machine, token)


def other_key(place):
    token = place.hub.new_token()
    token.state, token.key, token.used_at = "unused", "B" * 42 + "A=", "2026-01-02T03:04:05Z"
    place.hub.faults["register"] = (410, {"code": "TOKEN_ALREADY_USED", "usedAt": "2026-01-02T03:04:05Z"})
    machine, _, _ = expect(place, 42, "TOKEN_USED (42)", "2026-01-02T03:04:05Z", token=token, stage="registered")
    equal([f for f in machine.leftovers() if not f.startswith("log/")], CLEAN)


def hub_busy(place):
    """Five refusals exhaust curl's retries; everything is kept, and the next try has the same key."""
    place.hub.faults["register"] = [(503, {"code": "HELPER_UNAVAILABLE"})] * 4
    machine, token, _ = expect(place, 44, "HUB_ERROR (44)", "HELPER_UNAVAILABLE", stage="registered")
    key = machine.key()
    then_works(machine, token)
    equal(machine.key(), key)


def hub_busy_once(place):
    place.hub.faults["register"] = [(503, {"code": "HELPER_UNAVAILABLE", "error": "busy"}), (429, {"code": "RATE_LIMITED"})]
    expect(place, 0, "connected")


def lost_answer(place):
    place.hub.faults["register"] = [(201, {"success": "true"})]
    machine, token, _ = expect(place, 44, "HUB_ERROR (44)")
    then_works(machine, token)


def start_failed(systemd):
    def test(place):
        def prepare(machine, _):
            if systemd:
                machine.use_systemd()
                machine.fault("unit-failed")
            else:
                machine.fault("up")

        machine, token, output = expect(place, 50, "START_FAILED (50)", prepare=prepare, stage="started")
        contains(output, "Main process exited" if systemd else "Operation not supported")
        assert not machine.exists("etc/wireguard/wg0.conf") and not machine.exists("sbin/wghub-uninstall") and not machine.exists("fake/links/wg0")
        key = machine.key()
        if systemd:
            contains(machine.read("fake/systemctl"), "disable wg-quick@wg0")
        machine.fault("unit-failed" if systemd else "up", False)
        then_works(machine, token)
        equal(machine.key(), key)

    return test


def old_restored(place):
    """A replacement that does not start leaves the tunnel of before running."""
    machine, token, _ = expect(place, 0, "connected")
    before = machine.read("etc/wireguard/wg0.conf")
    machine.fault("up")
    second = place.hub.new_token(SPOKE_IP="10.77.1.6/24")
    equal(machine.install(second)[0], 50)
    equal(machine.read("etc/wireguard/wg0.conf"), before)
    assert machine.exists("sbin/wghub-uninstall")
    machine.fault("up", False)
    then_works(machine, second)
    contains(machine.read("etc/wireguard/wg0.conf"), "10.77.1.6/32")
    equal(machine.read("etc/wireguard/wg0.conf.bak"), before)
    equal(second.key, token.key)


def no_handshake(transfer, *texts):
    def test(place):
        def prepare(machine, _):
            machine.set("handshake", "0")
            machine.set("transfer", transfer)

        machine, token, _ = expect(place, 60, "NO_HANDSHAKE (60)", "203.0.113.5:51820", *texts, prepare=prepare, stage="verified")
        assert machine.exists("fake/links/wg0") and machine.exists("etc/wireguard/wg0.conf")
        machine.set("handshake", "1700000000")
        then_works(machine, token)

    return test


def other_family(place):
    token = place.hub.new_token(HUB_ENDPOINT="hub.example.com:51820")

    def prepare(machine, _):
        machine.set("handshake", "0")
        machine.set("names", "203.0.113.5 STREAM\n2001:db8::5 STREAM")

    machine, _, _ = expect(place, 0, "connected", token=token, prepare=prepare)
    contains(machine.read("fake/wg-set"), "endpoint [2001:db8::5]:51820")


def traffic_blocked(place):
    machine, _, _ = expect(place, 61, "TRAFFIC_BLOCKED (61)", "224.0.0.1", prepare=lambda m, t: m.fault("ping"), stage="verified",
                           token=place.hub.new_token(HUB_VPN_IP="224.0.0.1"))
    assert machine.exists("fake/links/wg0")
    assert not [f for f in machine.leftovers() if f.endswith("install.sh")]


def icmp_only_blocked(place):
    """Nothing listens on 127.0.0.1:443 here: the refused connection is the answer that TCP gives."""
    expect(place, 0, "WARNING: the hub does not answer pings", prepare=lambda m, t: m.fault("ping"), token=place.hub.new_token(HUB_VPN_IP="127.0.0.1"))


def interrupted(place):
    """Ctrl-C while it waits for the handshake: rolled back, the key kept."""
    machine = Machine(place.path("machine"))
    token = place.hub.new_token()
    machine.set("handshake", "0")
    (machine.fake / "bin/sleep").write_text('#!/bin/dash\n[ -e /run/wghub.lock/pid ] && kill -INT "$(cat /run/wghub.lock/pid)"\nexec /usr/bin/sleep 0.1\n')
    status, output = machine.install(token)
    equal(status, 130, output)
    contains(output, "INTERRUPTED (130)", "verified")
    assert ("verified", 130) in token.stages()
    equal(sorted(f for f in machine.leftovers() if "lib/" not in f and "log/" not in f), ["etc/wireguard/wg0.key"])
    key = machine.key()
    (machine.fake / "bin/sleep").write_text("#!/bin/dash\n")
    machine.set("handshake", "1700000000")
    then_works(machine, token)
    equal(machine.key(), key)


def internal(place):
    def prepare(machine, _):
        (machine.fake / "bin/wg").write_text("#!/bin/dash\nexit 1\n")

    machine, token, _ = expect(place, 70, "INTERNAL (70)", prepare=prepare)
    assert not machine.exists("etc/wireguard/wg0.conf")


def unknown_token(place):
    machine = Machine(place.path("machine"))
    status, output = machine.run(f"curl -sSL -k --pinnedpubkey '{place.hub.pin}' '{place.hub.url}/api/installation/script/x?platform=linux' | bash")
    equal((status, output), (40, "[wghub] ERROR: this command is unknown; ask for a new one\n"))


def revoked_script(place):
    token = place.hub.new_token()
    token.state = "revoked"
    expect(place, 45, "withdrawn", token=token, left=CLEAN)


def reports_are_small(place):
    """A long log with keys in it: the report stays under 4 KiB and masks them."""
    def prepare(machine, _):
        key = "A" * 43 + "="
        noise = "\n".join(f'echo "line {n} \\\\ {key} \'quoted\' {"z" * 43} PrivateKey = {key}" >&2' for n in range(15))
        more = "\n".join('echo "' + '\\"' * 300 + '" >&2' for _ in range(15))
        (machine.fake / "bin/wg-quick").write_text(f"#!/bin/dash\n{noise}\n{more}\nexit 1\n")

    _, token, _ = expect(place, 50, "START_FAILED (50)", prepare=prepare, stage="started")
    equal(place.hub.bad_json, [])
    detail = token.reports[-1]["detail"]
    assert "AAAA" not in detail and "zzzz" not in detail and len(detail) > 100, detail


TESTS = [
    ("10: without root it reports, says the exact command, changes nothing, and then works", without_root),
    ("10: without root and without a report it names the way out", without_root_and_report),
    ("11: another system", wrong_platform(lambda m, t: m.set("system", "Darwin"), "Darwin")),
    ("11: WSL 1", wrong_platform(lambda m, t: m.bind_text("/proc/version", "Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)\n"), "WSL 1")),
    ("11: Synology", wrong_platform(lambda m, t: m.set("uname-extra", "synology_x86"), "Synology")),
    ("11: ostree", wrong_platform(lambda m, t: (m.root / "run/ostree-booted").touch(), "rpm-ostree")),
    ("11: NixOS", wrong_platform(lambda m, t: (m.root / "etc/os-release").write_text("ID=nixos\n"), "networking.wg-quick")),
    ("11: transactional-update", wrong_platform(lambda m, t: (m.fake / "bin/transactional-update").symlink_to("/bin/true"), "transactional-update")),
    ("11: another platform's command gives the token back", other_platforms_first),
    ("45: revoked after the start: everything is taken away", revoked_after_start),
    ("12: no ip command", no_ip),
    ("13: the hub is gone after the fetch; the copy stays", hub_gone),
    ("13: the endpoint's name does not resolve", endpoint_unknown),
    ("14: another certificate than the pinned one", wrong_pin),
    ("14: a certificate error with a wrong clock names the clock", bad_clock),
    ("0: a wrong clock alone is a warning", clock_only),
    ("0: a private authority by WGHUB_CACERT", private_authority),
    ("15: an on-link route overlaps", overlap("10.77.1.128/25 dev vmbr0 scope link", "10.77.1.128/25", "vmbr0", "10.77.1.0/24")),
    ("15: a wider static route overlaps", overlap("10.0.0.0/8 via 192.0.2.9 dev eth0", "10.0.0.0/8")),
    ("15: a host route overlaps", overlap("10.77.1.200 dev ppp0", "ppp0")),
    ("15: the endpoint lies inside the network", endpoint_inside),
    ("0: neighbours, default routes, blackholes and our own route do not overlap", no_overlap),
    ("16: both names are taken; WGHUB_IFACE helps", names_taken),
    ("16: WGHUB_IFACE is no interface name", name_invalid),
    ("0: a foreign wg0 is left alone", second_name),
    ("40: unknown token at the script", unknown_token),
    ("40: unknown token at registration", refused(40, 404, {"code": "TOKEN_NOT_FOUND"})),
    ("41: expired at registration", refused(41, 410, {"code": "TOKEN_EXPIRED"}, "ask for a new one")),
    ("42: another key was registered", other_key),
    ("43: a refused key is dropped and the next try works", refused_key),
    ("43: a bad request", refused(43, 400, {"code": "INVALID_REQUEST", "error": "field x"}, "INVALID_REQUEST, field x", left=None)),
    ("44: the hub is busy beyond the retries; then the same key", hub_busy),
    ("44: an answer that is not about this key; then the right one", lost_answer),
    ("0: the hub is busy for two answers", hub_busy_once),
    ("45: revoked at the script", revoked_script),
    ("45: revoked at registration", refused(45, 410, {"code": "TOKEN_REVOKED"}, "administrator")),
    ("50: wg-quick fails; rolled back but for the key; then works", start_failed(False)),
    ("50: the unit fails; rolled back but for the key; then works", start_failed(True)),
    ("50: the tunnel of before is restored; the next try replaces it and keeps .bak and key", old_restored),
    ("60: nothing sent", no_handshake("0\t0", "no route")),
    ("60: nothing received", no_handshake("0\t592", "blocked")),
    ("60: answers without handshake", no_handshake("64\t592", "keys do not match")),
    ("0: the other address family gets through", other_family),
    ("61: handshake, but no traffic", traffic_blocked),
    ("0: only pings are blocked", icmp_only_blocked),
    ("130: Ctrl-C rolls back and keeps the key", interrupted),
    ("70: an unexpected failure", internal),
    ("reports are small and masked", reports_are_small),
]
