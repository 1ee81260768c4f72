"""A machine to install on: a mount namespace with its own /etc, /run, /var/lib, /var/log, /usr/local/sbin, and fake system tools.

What it holds outlives a run, so a killed installation can be run again. Leaves networks alone: links are files, the hub is on loopback.
"""
import os
import pathlib
import re
import shutil
import subprocess

import sample

HERE = pathlib.Path(__file__).resolve().parent
REAL = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ETC = ["passwd", "group", "nsswitch.conf", "hosts", "resolv.conf", "ld.so.cache"]
ETC_FOLDERS = ["ssl", "alternatives"]
ALWAYS = ["ip", "wg", "wg-quick", "ping", "modprobe", "sleep", "getent", "uname"]
MANAGERS = ["apt-get", "dnf", "zypper", "pacman", "apk", "yum"]


class Machine:
    PLATFORM = "linux"
    OWN = (("run", "/run"), ("lib", "/var/lib"), ("log", "/var/log"), ("sbin", "/usr/local/sbin"))
    TOP = ()  # folders of the root directory that are this machine's own

    def __init__(self, directory, with_tools=True):
        self.root = pathlib.Path(directory)
        self.fake = self.root / "fake"
        for name in ("etc/wireguard", "run", "lib", "log", "sbin", "tools", "fake/bin", "fake/links", "fake/faults", "trace"):
            (self.root / name).mkdir(parents=True)
        for name in ETC:
            source = pathlib.Path("/etc") / name
            if source.exists():
                shutil.copy(source, self.root / "etc" / name)
        for name in ETC_FOLDERS:
            (self.root / "etc" / name).mkdir()
        os_release = self.root / "etc/os-release"
        os_release.write_text('ID=debian\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n')
        for name in ALWAYS:
            target = self.root / "tools" if name.startswith("wg") and not with_tools else self.fake / "bin"
            shutil.copy(HERE / "fakes" / name, target / name)
        for name, text in {"handshake": "1700000000", "transfer": "100\t200", "names": "203.0.113.5 STREAM hub.example.com", "system": "Linux",
                           "hostname": "laptop", "uname-extra": "GNU/Linux",
                           "routes": "default via 192.0.2.1 dev eth0\n192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.7\n"}.items():
            (self.fake / name).write_text(text + ("" if text.endswith("\n") else "\n"))
        self.hidden, self.replaced, self.binds, self.before, self.new_root = set(), {}, [], "", False
        if not with_tools:
            self.hidden |= {"wg", "wg-quick"}

    def add_fake(self, name, source=None):
        shutil.copy(HERE / "fakes" / (source or name), self.fake / "bin" / name)

    def use_manager(self, name, status=0, output="", plan=""):
        self.add_fake(name, "package-manager")
        if name == "apt-get":
            self.add_fake("apt-cache")
            (self.fake / "plan").write_text(plan)
        (self.fake / f"{name}.status").write_text(str(status) + "\n")
        (self.fake / f"{name}.out").write_text(output)
        self.hidden |= set(MANAGERS) - {name}

    def use_openrc(self):
        """As Alpine has it: /sbin/openrc-run, a service script to link to, and the tools that note what they are told."""
        self.replaced["openrc-run"] = "/bin/true"
        (self.root / "etc/init.d").mkdir()
        (self.root / "etc/init.d/wg-quick").touch()
        for name in ("rc-service", "rc-update"):
            self.add_fake(name, "openrc")

    def use_busybox(self):
        """busybox in place of the GNU tools. Not as sh: Debian's build would run its own ip and ping, whatever PATH says."""
        for name in "cat chmod cp cut date grep head id mkdir mktemp mv rm rmdir sed sort tail timeout touch tr wc".split():
            (self.fake / "bin" / name).symlink_to("/bin/busybox")

    def no_tun(self):
        if os.path.exists("/dev/net/tun"):
            self.bind_text("/dev/net/tun", "")

    def use_systemd(self):
        (self.root / "run/systemd/system").mkdir(parents=True)
        self.add_fake("systemctl")
        self.add_fake("journalctl")

    def fault(self, name, on=True):
        path = self.fake / "faults" / name
        path.touch() if on else path.unlink()

    def set(self, name, text):
        (self.fake / name).write_text(text + "\n")

    def bind_text(self, path, text):
        """A file of this machine in place of one that the host has."""
        file = self.root / f"bound{len(self.binds)}"
        file.write_text(text)
        self.binds.append((file, path))

    def _hide(self):
        """/usr/bin and /usr/sbin without the hidden names, with the replaced ones: directories of links to the real ones."""
        script = ""
        for name in ("bin", "sbin"):
            farm, real = self.root / f"farm-{name}", self.root / f"real-{name}"
            if not farm.exists():
                farm.mkdir()
                real.mkdir()
                for entry in os.listdir(f"/usr/{name}"):
                    if entry not in self.hidden and entry not in self.replaced:
                        os.symlink(real / entry, farm / entry)
                for entry, target in self.replaced.items():
                    os.symlink(self.root / "real-bin" / target.split("/")[-1], farm / entry)
            script += f"mount --bind /usr/{name} {real}\n"
        return script + "".join(f"mount --bind {self.root}/farm-{n} /usr/{n}\n" for n in ("bin", "sbin"))

    def setup(self):
        script = "set -e\n" + "".join(f"mount --bind /etc/{n} {self.root}/etc/{n}\n" for n in ETC_FOLDERS)
        script += f"mount --rbind {self.root}/etc /etc\n"
        for source, target in self.OWN:
            script += f"mount --bind {self.root / source} {target}\n"
        script += "".join(f"mount --bind {file} {path}\n" for file, path in self.binds)
        script += self.before
        return script + (self._hide() if self.hidden or self.replaced else "")

    def _leave_root(self):
        """The same system under another root directory, which lacks what containers leave in theirs."""
        root = self.root / "newroot"
        root.mkdir(exist_ok=True)
        script = ""
        for entry in pathlib.Path("/").iterdir():
            if entry.name in self.TOP:
                continue
            if entry.is_symlink() and not (root / entry.name).is_symlink():
                (root / entry.name).symlink_to(os.readlink(entry))
            elif entry.is_dir() and not entry.is_symlink():
                (root / entry.name).mkdir(exist_ok=True)
                script += f"mount --rbind {entry} {root}/{entry.name}\n"
        return script + f"cd {root}\n"

    def run(self, command, user=None, env=None, path=None, timeout=120):
        """Runs a command line there; returns its exit code and its output, stdout and stderr in one."""
        launch = f"exec setpriv --reuid {user} --regid {user} --clear-groups" if user else "exec"
        setup = self.setup()
        if self.new_root:
            setup += self._leave_root()
            launch = f"exec chroot --userspec={user}:{user} --groups= ." if user else "exec chroot ."
        (self.root / "setup.sh").write_text(setup + f'echo $$ >"$FAKE/session"\n{launch} bash -c "$COMMAND"\n')
        environment = {"PATH": path or f"{self.fake}/bin:{REAL}", "FAKE": str(self.fake), "COMMAND": command, "HOME": "/root", **(env or {})}
        done = subprocess.run(["unshare", "-m", "--propagation", "private", "dash", self.root / "setup.sh"], env=environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=timeout,
                              start_new_session=True)
        return done.returncode, done.stdout.decode(errors="replace")

    def install(self, token, shell="bash", **options):
        """What a person does: paste the command shown for the machine's platform, but as root already, so without sudo."""
        command = sample.for_platform(token.values, self.PLATFORM)["COMMAND"]
        return self.run(re.sub(r"\| (sudo )?bash$", f"| {shell}", command), **options)

    def read(self, path):
        return (self.root / path).read_text()

    def exists(self, path):
        return (self.root / path).exists()

    def key(self, interface="wg0"):
        return self.read(f"etc/wireguard/{interface}.key").splitlines()[1]

    def leftovers(self):
        """Every file that an installation could have left."""
        found = []
        for name in ("etc/wireguard", "lib", "log", "sbin", "run", "fake/links"):
            found += [str(p.relative_to(self.root)) for p in (self.root / name).rglob("*") if not p.is_dir()]
        return found
