"""A machine to install on with nothing faked: a network namespace behind a link to the hub, and the few folders that are its own.

Needs a network and mount namespace around it that may be spoilt; it goes with that one, or at end().
"""
import pathlib
import subprocess

MOUNTS = ["/etc/wireguard", "/run", "/var/lib", "/var/log", "/usr/local/sbin"]


def sh(command, check=True):
    done = subprocess.run(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
    return done


# An /etc to write in, over the one that is there; its changes stay in memory.
OWN_ETC = """mount -t tmpfs tmpfs /media && mkdir /media/changes /media/work &&
mount -t overlay overlay -o lowerdir=/etc,upperdir=/media/changes,workdir=/media/work /etc && mkdir -p /etc/wireguard"""


class RealMachine:
    def __init__(self, link, gateway, address, beyond=(), name="spoke", own_etc=False, mounts=None):
        """link: the device to it on this side; gateway and address: this side's and its own, the same /24; beyond: networks
        behind the gateway. No default route: names must be unknown at once, as sudo asks for the machine's own."""
        mounts = mounts or " && ".join(([OWN_ETC] if own_etc else []) + [f"mount -t tmpfs tmpfs {m}" for m in MOUNTS])
        self.link = link
        self.process = subprocess.Popen(["unshare", "-nmu", "--propagation", "private", "sh", "-c",
                                         f"{mounts} && hostname {name} && ip link set lo up && echo up && exec sleep 1800"],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "up\n"
        sh(f"ip link add {link} type veth peer name eth0 netns {self.process.pid} && ip addr add {gateway}/24 dev {link} && ip link set {link} up")
        self.connect(gateway, address, beyond)

    def connect(self, gateway, address, beyond):
        self.run(f"ip addr add {address}/24 dev eth0 && ip link set eth0 up" + "".join(f" && ip route add {network} via {gateway}" for network in beyond))

    def enter(self, *command):
        return ["nsenter", "-t", str(self.process.pid), "-n", "-m", *command]

    def run(self, command, check=True):
        """The command line goes in by stdin, as typed: it is no argument and no variable of any program."""
        done = subprocess.run(self.enter("bash"), input=command + "\n", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
        assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout}"
        return done

    def start(self, command):
        """As run, without waiting for its end."""
        process = subprocess.Popen(self.enter("bash"), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        process.stdin.write(command + "\n")
        process.stdin.close()
        return process

    def file(self, path):
        """A file of the machine, as seen from outside."""
        return pathlib.Path(f"/proc/{self.process.pid}/root{path}")

    def processes(self):
        """Every process of the machine but the one that holds its namespaces."""
        def namespace(process):
            try:
                return (process / "ns/mnt").readlink()
            except OSError:
                return None
        own = pathlib.Path("/proc") / str(self.process.pid)
        wanted = namespace(own)
        return [int(process.name) for process in pathlib.Path("/proc").glob("[0-9]*") if process != own and namespace(process) == wanted]

    def end(self):
        self.run("wghub-uninstall", check=False)
        self.process.kill()
        self.process.wait()
        sh(f"ip link del {self.link}", check=False)
