# Requests whose end two parsers could see at different places, each with another request hidden in its body, asked of the hub itself
# and through Nginx as we ship it (T10). Also what else lies between the two: the client's address (T11), and tokens in Nginx's log.
import concurrent.futures, http.client, json, re, socket, ssl, subprocess

import pytest

from hub import LOGS, PORT, SLOW, Client, Raw, eventually
from nginx import PUBLIC, Nginx
from proofs import figure, tokens

SETTINGS = {"trusted_proxies": '["127.0.0.1/32"]', "limits__logins_per_15min": "5"}
START = "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
ENCODINGS = ["Transfer-Encoding: chunked", "Transfer-Encoding:chunked", "Transfer-Encoding: Chunked", "Transfer-Encoding:  chunked ", "Transfer-Encoding:\tchunked",
             "Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: identity, chunked", "Transfer-Encoding: gzip, chunked",
             "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: identity", 'Transfer-Encoding: "chunked"', "Transfer-Encoding: chunked;q=1",
             "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "Transfer-Encoding : chunked", "Transfer-Encoding:\r\n chunked", "X-A: b\r\n Transfer-Encoding: chunked",
             "X-A: b\nTransfer-Encoding: chunked", "X-A: b\rTransfer-Encoding: chunked", "Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x00", "Transfer-Encoding:"]
LENGTHS = ["+{n}", "-1", "{n}, {n}", "{n},{n}", "0x{x}", "{n} 0", "", "{n}.0", "1e1", "99999999999999999999", "18446744073709551616", "{n}\r\nContent-Length: 0", "0\r\nContent-Length: {n}",
           "{n}\r\n Content-Length: 0"]
CHUNKS = ["{x};a=\n", "0x{x}\r\n", "+{x}\r\n", "-{x}\r\n", " {x}\r\n", "{x} g\r\n", "{x}\n", "{x}\r", "FFFFFFFFFFFFFFFF{x}\r\n", "10000000000000000\r\n", "\r\n", "{x}\r\r\n"]
HEADS = ["POST /api/auth/login HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n",
         "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nHost: other\r\nContent-Type: application/json\r\nContent-Length: {n}\r\n\r\n",
         "POST /api/auth/login HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: {n}\n\n",
         "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nno colon\r\nContent-Length: {n}\r\n\r\n",
         "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {n}\r\nContent Length: 0\r\n\r\n",
         "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}\r\n\r\n",
         "GET /api/health/live HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
         "HEAD /api/health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: {n}\r\n\r\n"]


def hidden(number):
    return f"GET /api/hidden-{number} HTTP/1.1\r\nHost: localhost\r\n\r\n"


def requests():
    """What is sent, by name. Where a length covers everything the other reading ends early, and the other way round."""
    made = {}

    def add(name, text):
        made[name] = text(hidden(len(made))).encode("latin-1")
    for encoding in ENCODINGS:
        add(f"{encoding!r} and a length over all", lambda inner: f"{START}Content-Length: {len(inner) + 5}\r\n{encoding}\r\n\r\n0\r\n\r\n{inner}")
    for encoding in ENCODINGS[:15]:
        add(f"{encoding!r} over all and a short length", lambda inner: f"{START}{encoding}\r\nContent-Length: 4\r\n\r\n{len(inner):02x}\r\n{inner}\r\n0\r\n\r\n")
    for length in LENGTHS:
        add(f"Content-Length: {length!r}", lambda inner: f"{START}Content-Length: {length.format(n=len(inner), x=format(len(inner), 'x'))}\r\n\r\n{inner}")
    for size in CHUNKS:
        add(f"a chunk of {size!r}", lambda inner: f"{START}Transfer-Encoding: chunked\r\n\r\n{size.format(x=format(len(inner), 'x'))}{inner}\r\n0\r\n\r\n")
    for head in HEADS:
        add(repr(head[:60]), lambda inner: head.format(n=len(inner)) + inner)
    return made


def answers(port, text):
    """Status of each final answer that comes for these bytes, and whether the connection was closed then."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), 20)) as connection:
        connection.sendall(text)
        connection.settimeout(1.5 * SLOW)
        received, closed = b"", False
        try:
            while part := connection.recv(65536):
                received += part
            closed = True
        except TimeoutError:
            pass
        except OSError:
            closed = True
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([2-5]\d\d)", received)], closed


@pytest.fixture(scope="module")
def nginx(running):
    with running.with_settings(**SETTINGS):
        made = Nginx()
        yield made
        made.end()


def asked_of_apid():
    with open(f"{LOGS}/apid.log", errors="replace") as file:
        return file.read()


def test_no_request_is_answered_twice_whoever_parses_it(hub, nginx):
    table = requests()
    both = {(name, port): text for name, text in table.items() for port in (PORT, PUBLIC)}
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = dict(zip(both, pool.map(lambda item: answers(item[0][1], item[1]), both.items())))
    twice = {key: value for key, value in found.items() if len(value[0]) > 1}
    assert not twice, twice
    log = asked_of_apid()
    slipped = [name for number, name in enumerate(table) if f"/api/hidden-{number}\"" in log]
    assert not slipped, slipped
    # What the hub itself reads in only one way it may answer; all else it refuses, and hangs up.
    odd = {name: found[name, PORT] for name in table if found[name, PORT] not in [([400], True), ([411], True), ([413], True), ([505], True), ([], True)]}
    assert not odd, odd
    pair = b"GET /api/health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert [answers(port, pair * 2)[0] for port in (PORT, PUBLIC)] == [[200, 200]] * 2, "two plain requests are two"
    statuses = [statuses[0] if statuses else "closed" for (_, port), (statuses, _) in found.items() if port == PUBLIC]
    figure("T10", f"{len(table)} requests with another hidden in them, direct and through Nginx: none answered twice, none of the hidden ones reached the hub; "
           f"through Nginx {dict((status, statuses.count(status)) for status in dict.fromkeys(statuses))}")


def guess(port, source, claimed):
    """The status of a wrong password from this address, with another one claimed in every way there is."""
    client = http.client.HTTPSConnection("127.0.0.1", port, timeout=20 * SLOW, context=ssl._create_unverified_context(), source_address=(source, 0))
    headers = {"Content-Type": "application/json", "X-Forwarded-For": claimed, "Forwarded": f"for={claimed}", "X-Real-IP": claimed}
    client.request("POST", "/api/auth/login", json.dumps({"username": "nobody", "password": "not the right one"}), headers)
    status = client.getresponse().status
    client.close()
    return status


def test_only_the_proxy_says_who_the_client_is(hub, nginx):
    """Nginx tells the address that it saw. What a client claims counts neither through it nor directly: not in the limiter, not in the audit trail."""
    for port, source in ((PUBLIC, "127.0.0.3"), (PORT, "127.0.0.2")):
        statuses = [guess(port, source, f"203.0.113.{number}") for number in range(1, 8)]
        assert statuses == [401] * 5 + [429] * 2, (source, statuses)
    assert guess(PORT, "127.0.0.1", "203.0.113.99") == 401, "of the proxy it is believed"
    hub.restart(**SETTINGS)  # which writes down what is still being summed
    hub.wait_ready()
    denials = {(event["sourceAddress"], event["details"]["code"]): event["details"]["count"] for event in hub.audit(action="auth.denied")}
    assert [denials[source, "INVALID_CREDENTIALS"] for source in ("127.0.0.2", "127.0.0.3", "203.0.113.99")] == [5, 5, 1], denials
    assert [source for source, _ in denials if source.startswith("203.")] == ["203.0.113.99"], denials
    figure("T11", "7 guesses from one address, each claiming another in X-Forwarded-For, Forwarded and X-Real-IP, directly and through Nginx: "
           "5 were heard, 2 were put off, and the audit trail has the one address")


def test_through_nginx_scripts_come_and_their_tokens_stay_out_of_its_log(hub, nginx):
    issued = tokens(hub, 2)
    for number, item in enumerate(issued):
        path = f"/api/installation/script/{item['token']}?platform=linux"
        answer = Client({"Accept": "*/*"}, port=PUBLIC).call("GET", path if number == 0 else path.replace("script", "%73cript"))
        assert number == 1 or (answer.status == 200 and answer.text.startswith("#!/bin/sh")), answer
    eventually(lambda: nginx.logged().count("/api/installation/script/[token]") >= 2)
    for item in issued:
        assert item["token"] not in nginx.logged()


def test_without_apid_nginx_answers_for_a_script_in_the_way_its_reader_understands(hub, nginx):
    path = f"/api/installation/script/{hub.token()['token']['token']}"
    hub.stop()
    try:
        for query, accept in (("?platform=linux", "*/*"), ("?platform=proxmox", "*/*"), ("?platform=macos", "text/plain"), ("", "*/*")):
            answer = Client({"Accept": accept}, port=PUBLIC).get(path + query)
            assert (answer.status, answer.headers["X-Error-Code"], answer.headers["Cache-Control"]) == (502, "HUB_ERROR", "no-store"), answer
            done = subprocess.run(["sh"], input=answer.text, capture_output=True, text=True, timeout=20)
            assert (done.returncode, done.stdout) == (44, "") and "HUB_ERROR (44)" in done.stderr, done
        windows = Client({"Accept": "*/*"}, port=PUBLIC).get(f"{path}?platform=windows")
        assert (windows.status, windows.headers["Content-Type"]) == (502, "text/plain") and windows.text.startswith("throw '"), windows
        program = Client({"Accept": "application/json"}, port=PUBLIC).get(path)
        assert program.status == 502 and program.json["code"] == "HUB_ERROR" and program.headers["Content-Type"].startswith("application/json"), program
    finally:
        hub.start(**SETTINGS)
        hub.wait_ready()
