"""A Mac to install on: a root directory without /proc, /run and /var/lib, only the tools that macOS has, and BSD's ways of them.

What macOS has of its own (launchd, Homebrew, utun devices, the routing table as netstat abbreviates it) is in fakes/macos. Files are named
as on the Mac. No real macOS is here: what the fakes do is what its documents and the tools' sources say.
"""
import os
import re
import shutil
import stat

from machine import HERE, Machine
from tracing import Tracing

# Of the host's tools, what a Mac has too; stub fakes stand before those that have other options there. The rest is for the fakes and
# for making the machine.
TOOLS = """sh bash dash busybox cat chmod chown cp curl cut date env false grep head id ln ls mkdir mktemp mv rm rmdir sed sleep sort tail tee touch tr
true uname wc""".split()
FOR_FAKES = "python3 python3.11 python3.13 base64 sha256sum mount chroot setpriv stat strace".split()
BSD = "cat chmod chown cp cut date grep head id ln ls mkdir mktemp mv rm rmdir sed sort tail touch tr wc".split()
ROUTES = """default            192.0.2.1          UGScg                 en0
127                127.0.0.1          UCS                   lo0
127.0.0.1          127.0.0.1          UH                    lo0
169.254            link#6             UCS                   en0      !
192.0.2            link#6             UCS                   en0      !
192.0.2.1/32       link#6             UCS                   en0      !
192.0.2.7          a4:83:e7:0:0:1     UHLWI                 lo0
224.0.0/4          link#6             UmCS                  en0      !
255.255.255.255/32 link#6             UCS                   en0      !
"""


class MacMachine(Machine):
    PLATFORM = "macos"
    OWN = (("usrlocal", "/usr/local"),)
    TOP = ("run", "proc", "var", "opt", "Library")

    def __init__(self, directory, arm=True, with_tools=True):
        super().__init__(directory)
        self.new_root, self.prefix = True, "/opt/homebrew" if arm else "/usr/local"
        (self.root / "etc/wireguard").rmdir()
        (self.root / "etc/os-release").unlink()
        for name in ("usrlocal/bin", "newroot/var/run", "newroot/var/log", "newroot/opt", "newroot/Library/LaunchDaemons", "fake/proc", "Users"):
            (self.root / name).mkdir(parents=True)
        for name in (self.fake / "bin").iterdir():
            name.unlink()
        for name in ("wg-quick", "wg"):
            shutil.copy(HERE / "fakes" / ("macos" if name == "wg-quick" else "") / name, self.root / "tools" / name)
        (self.root / "tools/wireguard-go").symlink_to("/usr/bin/true")
        (self.root / "tools/bash").symlink_to("/usr/bin/bash")
        for name in os.listdir(HERE / "fakes/macos"):
            if name not in ("brew", "bsd", "wg-quick"):
                shutil.copy(HERE / "fakes/macos" / name, self.fake / "bin" / name)
        for name in BSD:
            shutil.copy(HERE / "fakes/macos/bsd", self.fake / "bin" / name)
        self.add_fake("uname")
        self.set("system", "Darwin")
        self.set("machine", "arm64" if arm else "x86_64")
        (self.fake / "routes").write_text(ROUTES)
        if arm:
            self.set("arm64", "1")
        self.hidden = {name for folder in ("bin", "sbin") for name in os.listdir(f"/usr/{folder}") if name not in TOOLS + FOR_FAKES}
        self.before = f"mount --rbind /proc {self.fake}/proc\n"
        self.add_homebrew()
        if with_tools:
            self.add_tools()

    def at(self, path):
        """Where a file of this Mac is."""
        for own, place in (("/etc/", "etc/"), ("/usr/local/", "usrlocal/"), ("/", "newroot/")):
            if path.startswith(own):
                return self.root / place / path[len(own):]
        raise ValueError(path)

    def read(self, path):
        return self.at(path).read_text() if path.startswith("/") else super().read(path)

    def exists(self, path):
        return self.at(path).exists() if path.startswith("/") else super().exists(path)

    def add_homebrew(self):
        """Owned by a user, as Homebrew wants it; on Intel its folder is root's and only what is in it is the user's."""
        for name in ("bin", "var"):
            self.at(f"{self.prefix}/{name}").mkdir(parents=True, exist_ok=True)
            os.chown(self.at(f"{self.prefix}/{name}"), 65534, 65534)
        shutil.copy(HERE / "fakes/macos/brew", self.at(f"{self.prefix}/bin/brew"))
        os.chown(self.at(f"{self.prefix}/bin/brew"), 65534, 65534)
        if self.prefix != "/usr/local":
            os.chown(self.at(self.prefix), 65534, 65534)

    def add_tools(self):
        for name in (self.root / "tools").iterdir():
            shutil.copy(name, self.at(f"{self.prefix}/bin/{name.name}"), follow_symlinks=False)

    def run(self, command, env=None, path=None, **options):
        # root's own folder is one that the user of Homebrew may not read.
        command = command if options.get("user") else f"cd /root && {command}"
        return super().run(command, env={"SUDO_USER": "ada", **(env or {})}, path=path or f"{self.fake}/bin:/usr/bin:/bin:/usr/sbin:/sbin", **options)

    def up(self, interface="wg0"):
        """The utun of a tunnel that is up."""
        name = self.at(f"/var/run/wireguard/{interface}.name")
        return name.read_text().strip() if name.exists() and self.at(f"/var/run/wireguard/{name.read_text().strip()}.sock").exists() else None

    def minute(self, interface="wg0"):
        """A minute passes, and launchd runs the job again."""
        status, output = self.run(f"launchctl tick org.wireguard-hub.{interface}")
        assert status == 0, output

    def leftovers(self):
        found = []
        for name in ("/etc/wireguard", "/usr/local/sbin", "/var", "/Library"):
            folder = self.at(name)
            found += [f"{name}/{p.relative_to(folder)}" for p in folder.rglob("*") if not stat.S_ISDIR(p.lstat().st_mode)]
        return sorted(found)

    def wrongs(self):
        """What no script may have done: options that only GNU's tools know, name servers changed."""
        return [self.read(f"fake/{name}") for name in ("foreign", "networksetup") if self.exists(f"fake/{name}")]


class TracedMac(Tracing, MacMachine):
    def __init__(self, directory):
        super().__init__(directory)
        self.trace([*BSD, *"curl sleep stat ps scutil sysctl sw_vers launchctl netstat ifconfig ping plutil uname".split()])
        self.path = f"{self.root}/trace:{self.fake}/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    def left(self):
        return sorted(re.sub("[0-9a-f]{16}", "ID", file) for file in self.leftovers())


def plist_of(machine, interface="wg0"):
    """The job as a parser of property lists reads it."""
    import plistlib
    return plistlib.loads(machine.at(f"/Library/LaunchDaemons/org.wireguard-hub.{interface}.plist").read_bytes())


FINISHED = sorted(["/etc/wireguard/wg0.conf", "/etc/wireguard/wg0.key", "/etc/wireguard/wghub-up-wg0", "/usr/local/sbin/wghub-uninstall",
                   "/Library/LaunchDaemons/org.wireguard-hub.wg0.plist", "/var/lib/wghub-spoke/ID/done", "/var/log/wghub-install.log",
                   "/var/log/wghub-up-wg0.log", "/var/run/wireguard/utun4.sock", "/var/run/wireguard/wg0.name"])
