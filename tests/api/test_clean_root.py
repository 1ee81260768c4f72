# The shown command on a new Debian machine: a clean root of debootstrap, real apt and dpkg, no WireGuard in the kernel, no init
# system. tests/check/spoke_root makes the roots, with the packages in apt's cache: there is no network but the hub here.
import os, subprocess, sys

import pytest

from hub import SOURCE, eventually, sh
from proofs import figure, timed
from test_install_script import issue, spoke_of

sys.path.append(f"{SOURCE}/tests/install")
from real_machine import RealMachine


class CleanMachine(RealMachine):
    """That root in memory, so that the next test finds it clean; behind a link as every real machine here."""

    def __init__(self, root, *where):
        self.root = root
        super().__init__(*where, mounts=f"mount -t tmpfs tmpfs /media && mkdir /media/changes /media/work /media/root && "
                         f"mount -t overlay overlay -o lowerdir={root},upperdir=/media/changes,workdir=/media/work /media/root && "
                         "mount -t proc proc /media/root/proc && mount --rbind /dev /media/root/dev && mount -t tmpfs tmpfs /media/root/run")

    def enter(self, *command):
        return [*super().enter("chroot", "/media/root"), *command]

    def connect(self, gateway, address, beyond):
        """There is no ip in the root yet."""
        outside = super().enter("sh", "-ec", f"ip addr add {address}/24 dev eth0; ip link set eth0 up; ip route add {beyond[0]} via {gateway}")
        subprocess.run(outside, check=True)


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_on_a_new_debian_machine_the_command_installs_what_it_needs_and_connects(wide, suite):
    root = f"{SOURCE}/build/spoke-{suite}"
    if not os.path.isdir(root) or not os.path.exists("/dev/net/tun"):
        pytest.skip(f"needs /dev/net/tun and tests/check/spoke_root {suite}")
    machine, (issued,) = CleanMachine(root, "clean0", "198.51.100.1", "198.51.100.2", ["192.0.2.0/24"]), issue(wide)
    try:
        command = issued.commands["linux"].replace("| sudo bash", "| bash")
        done = machine.run(command, check=False)
        assert done.returncode == 12 and "iproute2" in done.stdout and issued.now()["state"] == "unused", done.stdout
        machine.run("apt-get -q install -y --no-install-recommends iproute2")
        before = machine.run("dpkg-query -W -f '${Package}\\n'").stdout.split()
        done, seconds = timed(lambda: machine.run(command, check=False))
        assert done.returncode == 0, done.stdout
        assert "installing wireguard-tools wireguard-go with apt-get" in done.stdout, done.stdout
        assert spoke_of(wide, issued)["metadata"]["implementation"] == "userspace"
        active = eventually(lambda: spoke_of(wide, issued)["status"] == "active", 30)
        assert machine.run("ping -n -c 1 -W 2 10.84.0.1", check=False).returncode == 0
        added = sorted(set(machine.run("dpkg-query -W -f '${Package}\\n'").stdout.split()) - set(before))
        assert "wireguard-tools" in added and not [name for name in added if "linux-image" in name or "dkms" in name], added
        machine.run("wghub-uninstall && wghub-uninstall")
        left = machine.run("find /etc/wireguard /var/lib/wghub-spoke /usr/local/sbin /var/log/wghub* -type f", check=False).stdout
        assert "/etc/wireguard/" not in left and "wghub-uninstall" not in left and "install.log" not in left, left
    finally:
        machine.end()
        sh("ip link del clean0", check=False)
    figure("R35 R37", f"{suite}: ip missing: 12, token back; then {len(added)} packages by apt ({', '.join(added)}), connected in {seconds:.1f} s, active after {active:.1f} s more, uninstalled")
