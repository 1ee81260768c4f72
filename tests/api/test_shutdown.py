# SIGTERM while clients never pause (F14): every request that was taken is answered whole, nothing is done without an answer.
# Leaves being killed to test_faults.py and what a drain closes when to the unit tests of apid/http.
import json, os, re, select, signal, socket, threading, time

from hub import LOGS, PORT, SLOW, Client, Raw, eventually
from proofs import assert_invariants, figure, random_key, rows, share, tokens

CLIENTS, GRACE = 48, 10


class Caller:
    """One client on keep-alive connections: registers one spoke after the other until the hub takes no more connections."""

    def __init__(self, work, lock, context):
        self.work, self.lock, self.context = work, lock, context
        self.answered, self.unanswered, self.faults, self.refused_at = [], [], [], None
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def connect(self):
        """None when nobody listens any more, or the connection was closed before anything was asked."""
        try:
            return self.context.wrap_socket(socket.create_connection(("127.0.0.1", PORT), 20 * SLOW))
        except OSError:
            return None

    def run(self):
        connection = self.connect()
        while connection:
            with self.lock:
                if not self.work:
                    return
                token, key = self.work.pop()
            closes = self.ask(connection, token, key)
            if closes is None or closes:
                connection.close()
                connection = self.connect()
        self.refused_at = time.monotonic()

    def ask(self, connection, token, key):
        """Whether the hub wants the connection to end; None when it ended by itself."""
        body = json.dumps({"token": token, "publicKey": key, "os": "linux"})
        received = b""
        try:
            connection.sendall(f"POST /api/spoke/register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            while (whole := self.whole(received)) is None:
                more = connection.recv(65536)
                if not more:
                    break
                received += more
        except OSError:
            whole = None
        if whole is None:
            self.unanswered.append(key)
            if received:
                self.faults.append(f"cut off: {received!r}")
            return None
        if not received.startswith(b"HTTP/1.1 201 "):
            self.faults.append(received.decode())
        self.answered.append(key)
        return b"connection: close" in received.lower()

    @staticmethod
    def whole(received):
        """The answer when it is complete."""
        head, end, body = received.partition(b"\r\n\r\n")
        length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
        return received if end and length and len(body) == int(length[1]) else None


class HalfSent:
    """A client that sent its head and half its body before the signal, and sends the rest two seconds later."""

    def __init__(self, token, key):
        body = json.dumps({"token": token, "publicKey": key, "os": "linux"})
        self.raw, self.rest = Raw(), body[len(body) // 2:].encode()
        self.raw.send(f"POST /api/spoke/register HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: {len(body)}",
                      body[:len(body) // 2].encode())

    def finish(self):
        self.raw.socket.sendall(self.rest)
        status = self.raw.answer().status
        self.raw.socket.close()
        return status


def test_a_stop_under_load_cuts_no_accepted_request(wide):
    rounds, drained, answered, unanswered = share(1, 25), [], 0, 0
    context = Client().context
    for _ in range(rounds):
        issued = [(token["token"], random_key()) for token in tokens(wide, 1500)]
        slow_token, slow_key = issued.pop()
        before, lock, pid = set(registered()), threading.Lock(), wide.pid("apid")
        stopping, work = os.pidfd_open(pid), list(issued)
        slow = HalfSent(slow_token, slow_key)
        callers = [Caller(work, lock, context) for _ in range(CLIENTS)]
        time.sleep(0.3)
        assert work, "the callers were done before the signal"
        began = time.monotonic()
        signal.pidfd_send_signal(stopping, signal.SIGTERM)
        time.sleep(2)
        assert slow.finish() == 201
        for caller in callers:
            caller.thread.join()
        drained.append(wait_for_end(stopping, began))
        eventually(lambda: wide.pid("apid") not in (None, pid), 10, 0.02)
        wide.wait_ready()
        done = {key for caller in callers for key in caller.answered} | {slow_key}
        lost = {key for caller in callers for key in caller.unanswered}
        faults = [fault for caller in callers for fault in caller.faults]
        assert not faults, faults[:3]
        assert set(registered()) - before == done, "something was done without an answer, or answered without being done"
        assert_invariants(wide, done)
        answered, unanswered = answered + len(done), unanswered + len(lost)
    with open(f"{LOGS}/activate.log") as file:
        assert re.findall(r"apid: \d+ ended with (-?\d+)", file.read())[-rounds:] == ["0"] * rounds
    assert max(drained) < 3 * GRACE * SLOW
    figure("F14", f"SIGTERM under the load of {CLIENTS} clients, {rounds} times: {answered} registrations answered whole, {unanswered} never begun, "
           f"ended after {max(drained):.2f} s at most")


def registered():
    return [key for key, in rows("SELECT public_key FROM spoke_registrations")]


def wait_for_end(process, began):
    assert select.select([process], [], [], 3 * GRACE * SLOW)[0], "it never ended"
    os.close(process)
    return time.monotonic() - began
