# Plays a taken-over daemon: run in the place of the real program under its unit, tries what no unit may allow, prints one
# JSON line of what succeeded. Leaves the verdict to units.py.
import ctypes, json, os, socket, sys

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_TRACEME = 0


def tries(attempt):
    try:
        attempt()
        return True
    except (OSError, PermissionError):
        return False


def write(path):
    with open(path, "w") as file:
        file.write("x")


def execute():
    pid = os.fork()
    if pid == 0:
        try:
            os.execv("/bin/true", ["true"])
        except OSError:
            os._exit(99)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 99:
        raise PermissionError


def trace():
    if LIBC.ptrace(PTRACE_TRACEME, 0, 0, 0) != 0:
        raise PermissionError


print(json.dumps({
    "exec": tries(execute),
    "write_etc": tries(lambda: write("/etc/probe")),
    "write_usr": tries(lambda: write("/usr/local/probe")),
    "read_other_state": tries(lambda: os.listdir(sys.argv[1])),
    "ptrace": tries(trace),
    "inet": tries(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
    "netlink": tries(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0).close()),
    "mount": tries(lambda: None if LIBC.mount(b"none", b"/mnt", b"tmpfs", 0, None) == 0 else (_ for _ in ()).throw(OSError())),
    "capabilities": next(line.split()[1] for line in open("/proc/self/status") if line.startswith("CapEff")),
}), flush=True)
