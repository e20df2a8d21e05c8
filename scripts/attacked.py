"""A server under attack, and the clients of scripts/torture. They speak Chaton."""
import os, re, resource, shutil, socket, subprocess, tempfile, time

PATIENCE = 30  # Seconds to wait for any answer. A client that waits longer has no answer.


class Broken(Exception):
    """The server has broken a promise. The text is the verdict."""


def expect(holds, why):
    if not holds:
        raise Broken(why)


class Server:
    """A server with a new data folder. It ends with the `with` block."""

    def __init__(self, matou, listen, *options, limits=(), user=None):
        self.folder, self.addresses, self.resets = tempfile.mkdtemp(prefix="matou-torture-"), {}, 0
        if user is not None:
            os.chown(self.folder, user, user)
        listen = [word for one in listen for word in ("--listen", re.sub("(,|$)", r"=127.0.0.1:0\1", one, count=1))]
        limit = lambda: [resource.setrlimit(which, (most, most)) for which, most in limits]
        words = [matou, "serve", "--log", "off", "--data", self.folder, *listen, *options]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True, preexec_fn=limit, user=user, group=user)

    def __enter__(self):
        try:
            self.wait_until_ready()
            return self
        except BaseException:
            self.__exit__()
            raise

    def wait_until_ready(self):
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ready":
                return
            host, port = words[2].rsplit(":", 1)
            self.addresses[words[1]] = (host, int(port))
        raise Broken(f"the server did not start (exit code {self.process.wait()})")

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def usage(self):
        """Returns the KiB of memory, the threads and the descriptors of the process. The memory does not include the parts of
        the program's file that are in memory, because their number depends only on what the server has done already."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            status = dict(line.split(":", 1) for line in lines)
        descriptors = len(os.listdir(f"/proc/{self.process.pid}/fd"))
        return int(status["RssAnon"].split()[0]), int(status["Threads"]), descriptors

    def still_serves(self):
        """The attack is over. The server must serve a client, after the clients of the attack have left."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            client = logged_in(self, "later")
            if client:
                return client.close()
        raise Broken(f"no client is served after the attack (exit code {self.process.poll()})")


def text(words):
    raw = words.encode()
    return len(raw).to_bytes(4, "big") + raw


def connected(server, name="chaton", window=None):
    """Connects. With a small `window` (the size of the receive buffer), the kernel stores few bytes for this client."""
    client = socket.socket()
    client.settimeout(PATIENCE)
    if window:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    client.connect(server.addresses[name])
    return client


def logged_in(server, name, window=None):
    """Logs in to Chaton. Returns None if the server refuses the client. Without an answer, the attack has succeeded."""
    client = connected(server, window=window)
    try:
        client.sendall(b"\0" + text(name))
        if client.recv(1) == b"\1":
            return client
    except (ConnectionResetError, BrokenPipeError):
        server.resets += 1
    client.close()


def round_trip(client, name):
    """Sends a message to everyone, and waits until it comes back. Returns the time in milliseconds."""
    frame = b"\3" + text(name) + text("ping")
    began, heard = time.monotonic(), b""
    client.sendall(frame)
    while len(heard) < len(frame):
        more = client.recv(len(frame) - len(heard))
        expect(more, "the server has closed a healthy client")
        heard += more
    expect(heard == frame, "a healthy client received wrong bytes")
    return 1000 * (time.monotonic() - began)
