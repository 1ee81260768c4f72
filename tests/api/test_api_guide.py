# docs/api-guide.md: its commands, as they stand and in their order, in one shell, on a hub that nobody has set up yet. Only the hub's
# address is another, and a machine registers where the page waits for one.
import os, re, shutil, subprocess, threading, time

import pytest

from hub import PASSWORD, PORT, PROGRAMS, ROOT, SLOW, SOURCE, Client, make_key
from proofs import figure

PAGE, HOME = f"{SOURCE}/docs/api-guide.md", f"{ROOT}/api-guide"
CERTIFICATE = "/var/lib/wireguard-hub/tls/certificate.pem"
FAILS = "hub spoke/00000000", "hub installation/token -d '{\"spokeName\": \"typo\""  # what the page shows errors with
ENDS_EARLY = "hub events"  # its reader goes when it has enough


def blocks():
    with open(PAGE) as file:
        return re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)


def as_run(line):
    """A pipe's failure is the shell's end, except where the page means it."""
    meant = line.startswith(FAILS) or line.startswith(ENDS_EARLY)
    line = line.replace("https://hub.example.net", f"https://localhost:{PORT}").replace("hub.example.net:51820", "192.0.2.1:51820")
    return f"set +o pipefail\n{line}\nset -o pipefail" if meant else line


def joining(stop):
    """The machine that the page's command is pasted on: with the token as the page has it in a file."""
    while not stop.is_set():
        try:
            with open(f"{HOME}/laptop-7.json") as file:
                token = re.search(r'"token":"([\w-]{43})"', file.read())
        except FileNotFoundError:
            token = None
        if token:
            time.sleep(1)  # so that the page's loop waits
            answer = Client().post("/api/spoke/register", {"token": token[1], "publicKey": make_key(), "os": "linux"})
            assert answer.status == 201, answer
            return
        time.sleep(0.1)


@pytest.fixture
def machine(fresh):
    stop = threading.Event()
    thread = threading.Thread(target=joining, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join()


def test_every_command_of_the_guide_works(fresh, machine):
    shutil.rmtree(HOME, ignore_errors=True)
    os.makedirs(f"{HOME}/.config")
    shutil.copy(CERTIFICATE, f"{HOME}/.config/hub.pem")
    lines = "".join(blocks()).splitlines()
    # The stream tells what happens, so something has to: a token is made behind it.
    behind = "{ for _ in 1 2 3 4 5 6 7 8; do sleep 0.5; hub installation/token -d '{\"spokeName\": \"heard\"}' >/dev/null || break; done; } &"
    script = "\n".join(f"{behind}\n{as_run(line)}\nwait" if line.startswith(ENDS_EARLY) else as_run(line) for line in lines)
    environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": HOME, "LC_ALL": "C.UTF-8", "CODE": fresh.setup_code(), "PASSWORD": PASSWORD}
    done = subprocess.run(["bash", "-euo", "pipefail"], input=script, text=True, cwd=HOME, env=environment, timeout=120 * SLOW,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    missing = [each for each in ('"name": "laptop-7"', "\tkiosk-1\t", "\tkiosk-5\t", "\tsuccess\tkiosk-5\n", '"type": "token.', "\nfalse\ntrue\n") if each not in done.stdout]
    assert not missing, (missing, done.stdout)
    assert sorted(os.listdir(HOME)) == [".config", "audit.jsonl"] and os.listdir(f"{HOME}/.config").count("hub-token") == 1
    figure("", f"docs/api-guide.md: {len(blocks())} blocks, run as they stand")
