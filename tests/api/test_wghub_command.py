# `wghub` against the real hub: over root's socket, and by HTTPS with an API token. What `wghub user` and `audit verify` do to
# accounts and trail is in test_user_command.py and test_audit.py.
import json, os

import pytest

from hub import PORT, ROOT, make_key
from test_user_command import NOT_FOUND, REFUSED, UNREACHABLE, WRONG_USE, wghub

CERTIFICATE = "/var/lib/wireguard-hub/tls/certificate.pem"
SECRETS = f"{ROOT}/wghub"


def told(*arguments, **options):
    """What the command prints as JSON."""
    status, printed, complaint = wghub(*arguments, "--json", **options)
    assert status == 0, (arguments, status, complaint)
    return json.loads(printed)


def written(name, text, mode=0o600):
    os.makedirs(SECRETS, exist_ok=True)
    path = f"{SECRETS}/{name}"
    with open(path, "w", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def elsewhere(client, host="localhost", **options):
    """The arguments with which this client's API token is shown from another machine."""
    name = client.headers["Authorization"].removeprefix("Bearer ")
    path = written(f"token-{name[-8:]}", name + "\n", **options)
    return ["--url", f"https://{host}:{PORT}", "--token-file", path, "--ca-file", CERTIFICATE]


@pytest.fixture
def remote(hub):
    return elsewhere(hub.admin)


def test_spokes_are_listed_over_the_socket_and_by_https_alike(hub, remote):
    key = make_key()
    spoke = hub.register(hub.token("listed café")["token"]["token"], key).json["spoke"]
    for way in ([], remote):
        status, printed, complaint = wghub(*way, "spoke", "list")
        assert (status, complaint) == (0, "")
        heading, *rows = printed.splitlines()
        assert heading.split() == ["ID", "STATUS", "ADDRESS", "OS", "LAST", "HANDSHAKE", "NAME"]
        row = next(row for row in rows if spoke["id"] in row)
        assert row.endswith("listed café") and row.index("pending") == heading.index("STATUS")
        assert told(*way, "spoke", "list")["spokes"] == hub.admin.get("/api/spoke/list").json["spokes"]
        assert told(*way, "spoke", "list", "--status", "active", "--os", "windows")["spokes"] == []


def test_what_is_wrong_with_the_way_to_the_hub_is_told_and_has_an_exit_code(hub, remote):
    good = hub.admin.headers["Authorization"].removeprefix("Bearer ")
    url, token, ca = remote[:2], remote[2:4], remote[4:]
    for way, expected, said in (
            (["--socket", "/nonexistent"], UNREACHABLE, "no answer from apid"), (["--url", "https://localhost:1", *token, *ca], UNREACHABLE, "no answer from the hub"),
            ([*url, *token], UNREACHABLE, "no answer from the hub"), (["--url", f"https://127.0.0.2:{PORT}", *token, *ca], UNREACHABLE, "no answer from the hub"),
            (["--url", f"http://localhost:{PORT}", *token], WRONG_USE, "must be https"), (["--url", f"https://u:p@localhost:{PORT}", *token], WRONG_USE, "must be https"),
            (url, WRONG_USE, "needs --token-file"), (token, WRONG_USE, "go with --url"), ([*url, "--token-file", "/nonexistent", *ca], WRONG_USE, "No such file"),
            ([*url, "--token-file", written("open", good, 0o644), *ca], WRONG_USE, "chmod 600"), ([*url, "--token-file", written("empty", "\n"), *ca], WRONG_USE, "no token"),
            ([*url, "--token-file", written("long", "x" * 2000), *ca], WRONG_USE, "no token"), ([*url, "--token-file", written("odd", "whk_\x01"), *ca], WRONG_USE, "no token"),
            ([*url, "--token-file", written("unknown", "whk_" + "A" * 43), *ca], REFUSED, "UNAUTHENTICATED")):
        status, printed, complaint = wghub(*way, "spoke", "list")
        assert (status, printed) == (expected, "") and said in complaint and good not in complaint, (way, status, complaint)


def test_wrong_arguments_end_with_a_code_of_their_own(hub):
    for arguments in ((), ("spokes",), ("spoke",), ("spoke", "lost"), ("spoke", "list", "--limit", "0"), ("spoke", "list", "--limit", "x"), ("spoke", "list", "--status", "gone"),
                      ("spoke", "list", "extra"), ("spoke", "list", "list"), ("--unknown", "spoke", "list"), ("user", "create", "dave", "list"), ("spoke", "list", "--limit")):
        status, printed, complaint = wghub(*arguments)
        assert (status, printed) == (WRONG_USE, "") and complaint, (arguments, status, printed)
    assert wghub("--version")[:2] == (0, "wghub 0.1.0\n")
    status, printed, _ = wghub("--help")
    assert status == 0 and "spoke" in printed and "setup-code" in printed
