"""The bytes that are served: lint, syntax, ASCII, quoting, and what a shell does with every cut-off part (R10 to R13)."""
import os
import re
import subprocess

import render
import sample
from checking import equal

SHELLS = {"bash": ["bash"], "bash-posix": ["bash", "--posix"], "dash": ["dash"], "ash": ["busybox", "ash"]}
# Which platforms have a script of their own, and the part of the uninstaller that is theirs.
UNINSTALLERS = {"linux": ["LINUX"], "proxmox": ["LINUX"], "macos": ["MACOS", "MACOS_MORE"]}
PLATFORMS = list(UNINSTALLERS)
OUTER = [*PLATFORMS, "resume", "error"]
PIN = "sha256//" + "A" * 43 + "="


def served():
    """Every script that leaves the hub, and the two that are inside a platform's own."""
    values = sample.values(pin=PIN)
    scripts = {
        **{name: render.render(f"{name}.sh.template", sample.for_platform(values, name)) for name in PLATFORMS},
        "resume": render.render("resume.sh.template", {**values, "USED_AT": "2026-01-02T03:04:05Z"}),
        "error": render.render("error.sh.template", {"MESSAGE": "it's gone", "EXIT_CODE": 41}),
    }
    for name in PLATFORMS:
        scripts[f"{name}-copy"] = inside(scripts[name], "_WGHUB_COPY")
        scripts[f"{name}-uninstall"] = b"#!/bin/sh\n" + b"".join(
            inside(scripts[f"{name}-copy"], word) for word in [*(f"_WGHUB_UNINSTALL_{part}" for part in UNINSTALLERS[name]), "_WGHUB_UNINSTALL"])
    return scripts


def inside(script, word):
    return re.search(rf"<<'{word}'\n(.*?\n){word}\n".encode(), script, re.S)[1]


def lint(place):
    for name, script in served().items():
        done = subprocess.run(["shellcheck", "-s", "sh", "-"], input=script, capture_output=True)
        equal(done.returncode, 0, name + "\n" + done.stdout.decode())


def syntax(place):
    for name, script in served().items():
        for shell in SHELLS.values():
            done = subprocess.run([*shell, "-n"], input=script, capture_output=True)
            equal((done.returncode, done.stderr), (0, b""), f"{name} {shell}")


def plain_bytes(place):
    for name, script in served().items():
        script.decode("ascii")
        assert b"\r" not in script and b"\t" not in script, name
        assert script.startswith(b"#!/bin/sh\n") and script.endswith(b"\n"), name


def last_line(place):
    for name in OUTER:
        equal(served()[name].splitlines()[-1], b'{ _main "$@"; } </dev/null', name)


# What bash 3.2, the shell of macOS, does not know or takes wrongly, though a POSIX shell or a newer bash accepts it. (No bash 3.2 is to be
# had in Debian: this, `bash --posix` and dash stand for it.)
NOT_IN_BASH_3 = {
    "case conversion": r"\$\{\w+(,,?|\^\^?)", "transformation": r"\$\{\w+@", "declare": r"\b(declare|typeset|local)\s+-[Ang]", "mapfile": r"\b(mapfile|readarray|coproc)\b",
    "&>>": r"&>>", "|&": r"\|&", ";& and ;;&": r";;?&", "descriptor by name": r"\{\w+\}[<>]", "unicode": r"\\[uU][0-9a-fA-F]", "negative index": r"\$\{\w+:\s*\d+:\s*-|\$\{\w+: +-|\[-\d+\]",
    "printf -v and times": r"printf -v|%\(", "read with a fraction": r"\bread\b.*-t *\d*\.", "wait -n": r"\bwait -n", "test -v": r"\[ +-v\b", "BASHPID": r"BASH(PID|_COMPAT)|EPOCH",
    "a brace sequence with steps": r"\{\d+\.\.\d+\.\.", "**": r"globstar", "echo with options or backslashes": r"\becho +(-[neE]+\b|[^|;]*\\\\[nt])",
}
# What GNU's tools know and BSD's do not. Long options belong to curl and wget, restorecon and the package managers alone.
NOT_BSD = {
    "sed -i, -r, -z": r"\bsed +-[a-zA-Z]*[irz]", "GNU's expressions": r"\b(sed|grep)\b[^|]*'[^']*\\[+?|sSwWd<>]", "a newline by \\n in sed": r"\bsed\b.*\bs/[^/]*/[^/]*(?<!\\)\\n[^/]*/",
    "} without ; in sed": r"\bsed\b[^|]*\{[^}]*[^;} ] *\}'", "readlink -f": r"\breadlink\b|\brealpath\b", "stat -c": r"\bstat +(-c|--|-L)", "date -d": r"\bdate\b.* -(d|I)\b", "grep -P": r"\bgrep +-\w*P",
    "head of all but": r"\bhead +-[nc] *-", "Linux": r"/proc/|/sys/|/run/systemd|\bsystemctl\b|\bip (-4|link|route|addr)|\bgetent\b|\bmodprobe\b|(?<!/var)/run/wghub|/etc/os-release",
    "xargs -r, sort -V, ping -W": r"xargs +-r|sort +-\w*[Vh]|\bping\b.* -W",
}


def without_comments(script):
    return "\n".join(line for line in script.decode().split("\n") if not line.lstrip().startswith("#"))


def for_macos(place):
    """What runs on a Mac keeps to bash 3.2 and BSD's tools, and each pattern finds what it is there for."""
    wrong = ["x=${y,,}", "x=${y^}", "x=${y@Q}", "declare -A x", "mapfile -t x", "f &>>x", "f |& g", "a) ;& b)", "exec {fd}>x", "printf '\\u00e9'", "${x: 1: -1}", "printf -v x", "read -t 0.5 x",
             "wait -n", "[ -v x ]", "$BASHPID", "{1..9..2}", "shopt -s globstar", "echo -n x", "sed -i x", "sed 's/a\\+/b/'", "sed 's/a/\\n/'", "sed -n '/a/{p}'", "readlink -f x", "stat -c %Y x",
             "date -d @1", "grep -oP x", "head -n -1 x", "cat /proc/1/cmdline", "xargs -r x"]
    patterns = {**NOT_IN_BASH_3, **NOT_BSD}
    assert case_in_substitution("x=$(case y in a) echo ;; esac)")
    for text in wrong:
        assert any(re.search(pattern, text) for pattern in patterns.values()), f"nothing finds {text}"
    for name in ("macos", "macos-copy", "macos-uninstall", "resume", "error"):
        text = without_comments(served()[name])
        if name == "resume":
            text = re.sub(r"_on_linux\(\) \{\n.*?\n\}\n\}\n|_on_linux\(\) \{.*?\n\n\n", "", text, flags=re.S)
        for what, pattern in patterns.items():
            for line in text.splitlines():
                assert not re.search(pattern, line), f"{name}: {what}: {line}"
        equal(case_in_substitution(text), None, name)


def case_in_substitution(text):
    """bash 3.2 takes the ) of a case pattern for the end of $( ... )."""
    for found in re.finditer(r"\$\((?!\()", text):
        depth, at = 1, found.end()
        while depth and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        if re.search(r"\bcase\b[^\n]*\bin\b", text[found.start():at]):
            return text[found.start():at]
    return None


def nothing_at_top(place):
    """Outside functions there is nothing but comments, and every function starts with an underscore."""
    for name in OUTER:
        text = served()[name].decode()
        text = re.sub(r"<<'?(\w+)'?\n.*?\n\1\n", "\n", text, flags=re.S)
        for line in text.splitlines()[:-1]:
            assert re.match(r"(#|$|[ }]|_[a-z_]+\(\) \{)", line), f"{name}: {line}"


def no_placeholder_left(place):
    for name, script in served().items():
        assert b"{{" not in script, name


def hostile_values(place):
    """What the allow-list lets through is data: quotes in the command and the message come out as they went in."""
    canary = place.path("canary")
    for text in (f"$(touch {canary})", f"`touch {canary}`", f"';touch {canary};'", '"', "%s", "{{TOKEN}}", "\\", "'", "' '", "-n"):
        script = render.render("error.sh.template", {"MESSAGE": text, "EXIT_CODE": 43})
        values = sample.values(COMMAND=text)
        for shell in SHELLS.values():
            done = subprocess.run(shell, input=script, capture_output=True)
            equal((done.returncode, done.stderr.decode()), (43, text + "\n"), text)
        for name in PLATFORMS:
            wrapper = render.render(f"{name}.sh.template", {**values, "PLATFORM": name})
            probe = inside(wrapper, "_WGHUB_COPY").replace(b"\n_install\n", b"\n_values\nprintf '%s\\n' \"$_command\"\n")
            for shell in SHELLS.values():
                equal(subprocess.run(shell, input=probe, capture_output=True).stdout.decode(), text + "\n", f"{name} {text}")
    assert not canary.exists()


def hostile_values_refused(place):
    bad = {"TOKEN": ["a" * 42, "a" * 42 + "'", "a" * 42 + "\n"], "HUB_ENDPOINT": ["$(id):1", "h:1;id", "host"], "HUB_PUBLIC_KEY": ["x" * 43 + "="],
           "NETWORK_CIDR": ["10.0.0.0/8'"], "BASE_URL": ["http://h", "https://h/'"], "DNS_SERVERS": ["`id`"], "SPOKE_ID": ["x\n"]}
    for name, texts in bad.items():
        for text in texts:
            for platform in PLATFORMS:
                try:
                    render.render(f"{platform}.sh.template", {**sample.values(), name: text})
                except ValueError:
                    continue
                raise AssertionError(f"{platform}: {name}={text!r} was rendered")


def cuts(script, full, fine, around):
    """Which prefixes to run: all, or those around every name outside the saved copy, and every `fine`th byte."""
    end = len(script) - len(b" </dev/null\n") - 1
    if full:
        return range(end + 1)
    start, stop = script.find(b"<<'_WGHUB_COPY'\n"), script.find(b"\n_WGHUB_COPY\n")
    near = set(range(end - 25 * around, end + 1))
    for match in re.finditer(rb"^[_}{#].*$", script, re.M):
        if start < 0 or not start < match.start() < stop:
            near |= set(range(match.start(), min(match.start() + around, end + 1)))
    if start >= 0:
        near |= set(range(start - 40, start + 200)) | set(range(stop - 200, stop + 40))
    near |= set(range(0, end + 1, fine if len(script) > 3000 else 1))
    return sorted(n for n in near if 0 <= n <= end)


def prefixes(shell, fine):
    """busybox ash may run its own applets whatever PATH says; that no cut-off name can be one is shown by nothing_at_top."""

    def test(place):
        bin_directory, calls = place.path("bin"), place.path("calls")
        bin_directory.mkdir()
        logger = bin_directory / ".logger"
        logger.write_text(f'#!/bin/dash\necho "$0 $*" >>{calls}\n')
        logger.chmod(0o755)
        for directory in ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"):
            for name in os.listdir(directory) if os.path.isdir(directory) else []:
                if not (bin_directory / name).exists():
                    os.symlink(logger, bin_directory / name)
        interpreter = subprocess.run(["which", SHELLS[shell][0]], capture_output=True, text=True, check=True).stdout.strip()
        count = 0
        for name in OUTER:
            script = served()[name]
            part = place.path("part")
            seldom = name in PLATFORMS[1:]  # what is in these is mostly in the first one
            for length in cuts(script, place.full, fine * (6 if seldom else 1), 4 if seldom else 24):
                part.write_bytes(script[:length])
                with open(part, "rb") as stdin:
                    done = subprocess.run([interpreter, *SHELLS[shell][1:]], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                          env={"PATH": str(bin_directory)}, timeout=20)
                assert done.returncode in (0, 1, 2, 127) and not done.stdout, f"{name} cut at {length}: {done}"
                assert not calls.exists(), f"{name} cut at {length} ran: {calls.read_text()}"
                count += 1
        return f"{count} prefixes" + ("" if place.full else f" (outside the copy: around every name and the end; elsewhere one in {fine} bytes, of the second platform on one in {6 * fine})")

    return test


TESTS = [
    ("shellcheck has nothing to say about any served script", lint),
    ("dash, busybox ash and bash accept the syntax of every script", syntax),
    ("scripts are pure ASCII with LF and no tabs", plain_bytes),
    ("the last line starts everything and gives children no script to eat", last_line),
    ("macOS: nothing that bash 3.2 or BSD's tools do not know", for_macos),
    ("nothing but functions stands at the top level", nothing_at_top),
    ("no placeholder is left", no_placeholder_left),
    ("hostile texts come out as they went in and run nothing", hostile_values),
    ("values outside the allow-list are not rendered", hostile_values_refused),
    *[(f"no prefix of a script runs anything in {shell}", prefixes(shell, fine)) for shell, fine in (("dash", 47), ("ash", 97), ("bash", 97))],
]
