# Many callers at one moment: of one token, of one spoke, of the one writer.
import random, subprocess, time

from hub import ROOT, Client, eventually, sh
from proofs import Events, assert_invariants, connected, figure, random_key, rows, share, timed, together, tokens


def test_of_many_registrations_with_one_token_one_wins(wide):
    """TS-2025-007, seen in Tailscale: two machines that came at one moment were both let in with a key that was good for one."""
    rounds, clients, events, seconds = share(5, 50), connected(200), Events(wide), []
    for number in range(rounds):
        token, keys = wide.token(f"race {number}")["token"], [random_key() for _ in clients]
        answers, took = timed(lambda: together([lambda client=client, key=key: wide.register(token["token"], key, client)
                                                for client, key in zip(clients, keys)]))
        seconds.append(took)
        won = [key for key, answer in zip(keys, answers) if answer.status == 201]
        lost = [answer for answer in answers if (answer.status, answer.code) == (410, "TOKEN_ALREADY_USED") and answer.json["usedAt"]]
        assert (len(won), len(lost)) == (1, 199), [answer for answer in answers if answer.status not in (201, 410)][:3]
        assert rows("SELECT public_key FROM spoke_registrations WHERE address = ? AND removed_at IS NULL",
                    token["allowedIPs"][0].split("/")[0]) == [(won[0],)]
        assert set(keys) & set(wide.peers()) == set(won)
        assert len(wide.audit(action="alarm.second-key", target=token["id"])) == 1
        eventually(lambda: events.count("alarm", token["spokeId"]) == 1, 3)
    assert events.count("alarm", "second-key") == rounds
    events.close()
    assert_invariants(wide)
    figure("T3", f"TS-2025-007: 200 registrations with one token: one 201, 199 refused, one alarm, {rounds} times; {max(seconds):.1f} s at most")


def test_of_many_fetches_of_a_script_one_gets_it(wide):
    clients = connected(100)
    for number in range(share(3, 20)):
        token = wide.token()["token"]
        path = f"/api/installation/script/{token['token']}?platform=linux"
        answers = together([lambda client=client: client.get(path, headers={"Accept": "*/*"}) for client in clients])
        scripts = [answer for answer in answers if answer.status == 200]
        assert len(scripts) == 1 and token["token"] in scripts[0].text
        refused = [answer for answer in answers if (answer.status, answer.code) == (410, "TOKEN_ALREADY_USED")]
        assert len(refused) == 99 and not any(token["token"] in answer.text for answer in refused)
        assert len(wide.audit(action="token.claimed", target=token["id"])) == 1
        wide.admin.delete(f"/api/installation/token/{token['id']}")
    figure("T3", f"100 fetches of one script: one script, 99 refused, {share(3, 20)} times")


def test_registering_removing_and_reissuing_one_spoke_at_once_leaves_it_whole(wide):
    counts = {}

    def register(client, known):
        token, key = random.choice(known), random_key()
        return wide.register(token, key, client)

    def remove(client, spoke):
        time.sleep(random.uniform(0, 0.05))  # else the first removal ends every round
        return client.delete(f"/api/spoke/{spoke}")

    def reissue(client, known, ids):
        answer = client.post(f"/api/installation/token/{ids[-1]}/reissue")
        if answer.status == 201:
            known.append(answer.json["token"]["token"])
            ids.append(answer.json["token"]["id"])
        return answer

    strangers, admins = connected(6), connected(4, dict(wide.admin.headers))
    for number in range(share(15, 150)):
        token = wide.token(f"contested {number}")["token"]
        known, ids = [token["token"]], [token["id"]]
        calls = [lambda client=client: [register(client, known) for _ in range(4)] for client in strangers]
        calls += [lambda client=client: [remove(client, token["spokeId"]) for _ in range(3)] for client in admins[:2]]
        calls += [lambda client=client: [reissue(client, known, ids) for _ in range(3)] for client in admins[2:]]
        for result in together(calls):
            assert isinstance(result, list), result
            for answer in result:
                counts[answer.code or answer.status] = counts.get(answer.code or answer.status, 0) + 1
                assert answer.status < 500, answer
    took = assert_invariants(wide)
    figure("", f"register, remove and reissue at once: {counts}; interface = database after {took:.1f} s")


def test_registrations_that_wait_together_are_committed_together(wide):
    issued, clients = tokens(wide, 64), connected(64)
    keys, log = [random_key() for _ in issued], f"{ROOT}/syncs"
    tracer = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", log, "-p", str(wide.pid("apid"))],
                              stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        eventually(lambda: f"TracerPid:\t{tracer.pid}\n" in open(f"/proc/{wide.pid('apid')}/status").read(), 10)
        before = len(open(log).readlines())
        answers, took = timed(lambda: together([lambda token=token, key=key, client=client: wide.register(token["token"], key, client)
                                                for token, key, client in zip(issued, keys, clients)]))
        syncs = len([line for line in open(log) if "sync(" in line]) - before
    finally:
        tracer.terminate()
        tracer.wait(10)
    assert [answer.status for answer in answers] == [201] * 64, [answer for answer in answers if answer.status != 201]
    assert set(keys) <= set(wide.peers())
    figure("", f"64 registrations at once: all 201, {syncs} syncs of the database in {took:.2f} s (under strace)")
    assert 0 < syncs <= 16, syncs
    assert_invariants(wide, keys)
