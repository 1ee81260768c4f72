# The attacker's sentences of design.md §5 on both of the helper's sockets, from every user who might try (T12, T13), and
# the guessing of tokens (T2).
import os, re, secrets, socket, statistics, subprocess, time

import pytest

from hub import BUILD, PASSWORD, ROOT, SLOW, Client, eventually, sh
from proofs import assert_invariants, figure, random_key, share, tokens

ATTACKER = f"{ROOT}/attack_client"
SOCKETS = {"stream": "/run/wireguard-hub/wgprivd.sock", "seqpacket": "/run/wireguard-hub/engine.sock"}
NOBODY = 65534


@pytest.fixture(scope="module")
def attacked(wide):
    if not os.path.exists(f"{BUILD}/bin/attack_client"):
        pytest.fail("the attacker is not built: target attack_client")
    sh(f"install -m 0755 {BUILD}/bin/attack_client {ATTACKER}")
    # As root: the engine alone can read the hub's private key, and the test must know what to look for.
    sh(f"wg show wg0 private-key > {ROOT}/hub-key && chmod 0644 {ROOT}/hub-key")
    for token in tokens(wide, 5):
        wide.register(token["token"])
    yield wide
    os.unlink(f"{ROOT}/hub-key")


def attack(user, *arguments, groups=""):
    """The attacker as that user: exit code and output."""
    command = ["setpriv", f"--reuid={user}", f"--regid={user}", f"--groups={groups}" if groups else "--clear-groups", "--", ATTACKER, *arguments]
    done = subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120 * SLOW)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name,user,groups", [("rpc", "wghub", ""), ("engine", "wghub-front", "wghub")])
def test_every_attack_by_a_daemon_taken_over_is_refused_and_logged(attacked, name, user, groups):
    before, logged = attacked.peers(), len(attacked.log("engine"))
    code, output = attack(user, name, "--socket", SOCKETS["stream" if name == "rpc" else "seqpacket"], "--private-key", f"{ROOT}/hub-key", groups=groups)
    assert code == 0, output[-3000:]
    refused = len(re.findall(r"^refused: ", output, re.MULTILINE))
    assert refused > 80 and "ALLOWED" not in output and "refused: read the hub's private key" in output
    lines = [line for line in attacked.log("engine")[logged:].splitlines() if '"refused"' in line or '"more was refused"' in line]
    assert lines, "the engine logged no refusal"
    eventually(lambda: {key: peer for key, peer in attacked.peers().items() if key in before} == before, 10)
    assert_invariants(attacked)
    figure("T12", f"attacks as {user}: {refused} refused, none allowed; {len(lines)} lines in the engine's log")


@pytest.mark.parametrize("kind,user", [("stream", "wghub-front"), ("stream", "wgprivd"), ("stream", "nobody"), ("stream", "root"),
                                       ("seqpacket", "wghub"), ("seqpacket", "wgprivd"), ("seqpacket", "nobody"), ("seqpacket", "root")])
@pytest.mark.parametrize("widened", [False, True])
def test_other_users_are_refused_also_with_the_mode_widened(attacked, kind, user, widened):
    path, log = SOCKETS[kind], "wgprivd" if kind == "stream" else "engine"
    old_modes = {name: os.stat(name).st_mode & 0o7777 for name in (os.path.dirname(path), path)}
    logged = len(attacked.log(log))
    try:
        if widened:
            os.chmod(os.path.dirname(path), 0o777)
            os.chmod(path, 0o777)
        code, output = attack({"nobody": str(NOBODY), "root": "0"}.get(user, user), "wrong-caller", "--socket", path, "--type", kind,
                              groups="wghub" if user == "wghub-front" else "")
    finally:
        for name, mode in old_modes.items():
            os.chmod(name, mode)
    assert code == 0 and "refused: call as another user" in output, output
    if widened or user == "root":
        words = "wrong caller refused" if kind == "stream" else "a caller was refused"
        eventually(lambda: words in attacked.log(log)[logged:], 3)
    figure("T13", f"{kind} as {user}{', mode widened' if widened else ''}: refused")


@pytest.mark.parametrize("user", ["wghub", "wghub-front", "wgprivd", "nobody"])
def test_the_admin_socket_is_roots_alone(attacked, user):
    user = str(NOBODY) if user == "nobody" else user
    call = ("import http.client, socket; c = http.client.HTTPConnection('localhost'); c.sock = socket.socket(socket.AF_UNIX); "
            "c.sock.settimeout(5); c.sock.connect('/run/wireguard-hub-api/admin.sock'); c.request('GET', '/api/hub/config'); print(c.getresponse().status)")
    done = subprocess.run(["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", "/usr/bin/python3", "-c", call],
                          text=True, capture_output=True, timeout=20 * SLOW)
    assert done.returncode != 0 and "200" not in done.stdout, done.stdout


def answer_time(client, token):
    began = time.perf_counter()
    answer = client.get(f"/api/installation/script/{token}?platform=linux")
    took = time.perf_counter() - began
    assert (answer.status, answer.code) == (404, "TOKEN_NOT_FOUND"), answer
    return took


def test_wrong_tokens_never_hit_and_a_near_miss_takes_as_long_as_any(wide):
    """Limiter off: every guess is judged. Pairs interleaved, so that what else the machine does hits both alike."""
    real, client = wide.token()["token"]["token"], Client()
    pairs, near, far = share(2500, 50000), [], []
    for number in range(pairs):
        last = "A" if real[-1] != "A" else "E"
        for times, guess in sorted(((near, real[:-1] + last), (far, secrets.token_urlsafe(32))), key=lambda _: secrets.randbits(1)):
            times.append(answer_time(client, guess))
    ratio = statistics.median(near) / statistics.median(far)
    figure("T2", f"{2 * pairs} wrong tokens: 0 hits; medians unknown {statistics.median(far) * 1e6:.0f} us, near miss {statistics.median(near) * 1e6:.0f} us, ratio {ratio:.3f}")
    assert 0.8 < ratio < 1.25
    assert client.get(f"/api/installation/script/{real}?platform=linux", headers={"Accept": "*/*"}).status == 200


def test_guessing_is_limited_and_the_right_token_is_not(wide):
    wide.restart(limits__unknown_tokens_per_minute="60")
    try:
        wide.wait_ready()
        real, client, codes = wide.token()["token"]["token"], Client(), {}
        for number in range(100):
            guess = secrets.token_urlsafe(32)
            answer = client.get(f"/api/installation/script/{guess}?platform=linux") if number % 2 else wide.register(guess, random_key(), client)
            codes[answer.status] = codes.get(answer.status, 0) + 1
            assert answer.status == 404 or (answer.code == "RATE_LIMITED" and 0 < int(answer.headers["Retry-After"]) <= 60), answer
        assert 55 <= codes[404] <= 65 and codes[429] == 100 - codes[404], codes
        assert client.get(f"/api/installation/script/{real}?platform=linux", headers={"Accept": "*/*"}).status == 200
        assert wide.register(real, random_key(), client).status == 201
        figure("T2", f"60 guesses a minute allowed: of 100 {codes[404]} were judged, {codes[429]} refused; the right token worked meanwhile")
    finally:
        wide.restart()
