"""A Chaton server as a student might write it, with several faults.

    python3 chaton.py PORT [FAULT]

Its intended faults:

* an unknown opcode ends the whole process, with a traceback;
* at a negative length it waits for bytes while it holds the lock, so that all clients wait from then on;
* it looks for the id of a LOGIN_PRIVATE again and again, for ever, when the id is unknown;
* a KO_PRIVATE without a request starts a thread that never ends;
* it does not close the connection of a client that leaves before it has a name;
* it counts the lengths of messages in characters;
* it does not send a message to its sender;
* a second LOGIN changes the name.

FAULT adds one of these faults:

* join: a LOGIN_PRIVATE ends the whole process;
* leave: the process ends when a client leaves that has sent a MESSAGE_PRIVATE;
* pad: a tunnel relays each piece with zero bytes up to 1024 bytes;
* ghost: after a reset the name of the client is never free again, and a message to all disconnects its sender;
* reuse: a tunnel does not relay that one end has closed its direction, and a used id ends the whole process;
* warm: after the first client has left, the process works for half a second, like the compiler of a virtual machine.
"""

import os
import queue
import socket
import struct
import sys
import threading
import time
import traceback

LOGIN, ACCEPTED, REFUSED, MESSAGE, WHISPER, ASK, OK, KO, ID, JOIN, ESTABLISHED = range(11)

fault = sys.argv[2] if len(sys.argv) > 2 else None
lock = threading.Lock()
clients = {}
asked = set()
private = {}
forgotten = []
waiting = queue.SimpleQueue()
idle = 0


class Gone(Exception):
    """The client has left, or has to leave."""


def take(connection, number):
    taken = b""
    while len(taken) < number:
        piece = connection.recv(number - len(taken))
        if not piece:
            raise Gone
        taken += piece
    return taken


def take_text(connection, limit=1024):
    (length,) = struct.unpack(">i", take(connection, 4))
    if length < 0:
        with lock:
            print("waiting for", length, "bytes")
            threading.Event().wait()
    if length > limit:
        raise Gone
    return take(connection, length).decode()


def text(value):
    return struct.pack(">i", len(value)) + value.encode()


def relay(frame, name):
    if name in clients:
        clients[name].sendall(frame)


def log_in(connection, name):
    with lock:
        if not name or len(name.encode()) > 30 or name in clients:
            connection.sendall(bytes([REFUSED]))
            return None
        clients[name] = connection
        connection.sendall(bytes([ACCEPTED]))
        return name


def join(connection, number):
    while number not in private:
        pass
    with lock:
        ends = private[number]
        if fault == "reuse" and len(ends) == 2:
            raise ValueError("a used id")
        ends.append(connection)
        if len(ends) < 2:
            return None
        if fault != "reuse":
            del private[number]
        for end in ends:
            end.sendall(bytes([ESTABLISHED]))
    for one, other in (ends, ends[::-1]):
        threading.Thread(target=pump, args=(one, other), daemon=True).start()


def pump(one, other):
    try:
        while piece := one.recv(65536):
            if fault == "pad":
                piece = piece.ljust(1024, b"\0")
            other.sendall(piece)
        if fault == "reuse":
            one.shutdown(socket.SHUT_RD)
            return
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def answer(connection, opcode, name):
    """Handles one frame. Returns the name of the client after it."""
    if opcode == LOGIN:
        return log_in(connection, take_text(connection, 30)) or name
    if opcode == MESSAGE:
        sender, said = take_text(connection), take_text(connection)
        with lock:
            if name and sender == name:
                for other in list(clients):
                    if other != name:
                        relay(bytes([MESSAGE]) + text(sender) + text(said), other)
        return name
    if opcode == WHISPER:
        sender, target, said = (take_text(connection) for _ in range(3))
        with lock:
            if name and sender == name:
                relay(bytes([WHISPER]) + text(sender) + text(target) + text(said), target)
        return name
    if opcode in (ASK, OK, KO):
        requester, target = take_text(connection), take_text(connection)
        with lock:
            negotiate(opcode, name, requester, target)
        return name
    raise ValueError(f"opcode {opcode} is unknown")


def negotiate(opcode, name, requester, target):
    pair = (requester, target)
    if opcode == ASK and name == requester:
        asked.add(pair)
        relay(bytes([ASK]) + text(requester) + text(target), target)
    elif opcode == OK and name == target and pair in asked:
        asked.discard(pair)
        number = struct.unpack(">q", os.urandom(8))[0] >> 1 & (1 << 62) - 1
        private[number] = []
        for party in pair:
            relay(bytes([ID]) + text(requester) + text(target) + struct.pack(">q", number), party)
    elif opcode == KO and name == target and pair in asked:
        asked.discard(pair)
        relay(bytes([KO]) + text(requester) + text(target), requester)
    elif opcode == KO and name:
        threading.Thread(target=threading.Event().wait, daemon=True).start()


def warm_up():
    while time.process_time() < 0.5:
        pass


def serve(connection):
    name = None
    joins = False
    whispers = False
    try:
        while True:
            opcode = struct.unpack(">b", take(connection, 1))[0]
            whispers |= opcode == WHISPER
            if opcode == JOIN and fault == "join":
                raise ValueError("no private connections")
            if opcode == JOIN and name is None:
                (number,) = struct.unpack(">q", take(connection, 8))
                joins = True
                return join(connection, number)
            name = answer(connection, opcode, name)
    except ConnectionResetError:
        if fault == "ghost":
            connection.close()
            name = None
    except (Gone, OSError, UnicodeDecodeError):
        if fault == "leave" and whispers:
            # One write, because two clients may leave at the same time.
            os.write(1, f"KeyError: the whispers of {name}\n".encode())
            os._exit(3)
    except Exception:
        traceback.print_exc()
        os._exit(3)
    finally:
        if name:
            with lock:
                clients.pop(name, None)
            connection.close()
        elif not joins:
            forgotten.append(connection)
        if fault == "warm":
            threading.Thread(target=warm_up, daemon=True).start()


def serve_several():
    """Serves one client after the other. So this thread stays when its client leaves."""
    global idle
    while True:
        serve(waiting.get())
        with lock:
            idle += 1


def start(connection):
    """Serves the client in an idle thread, or in a new one if no thread is idle."""
    global idle
    if fault != "pool":
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
        return
    with lock:
        is_new = idle == 0
        idle -= not is_new
    waiting.put(connection)
    if is_new:
        threading.Thread(target=serve_several, daemon=True).start()


def main():
    if fault == "two-ports":
        # Only one process at a time can have this port.
        second = socket.socket()
        second.bind(("127.0.0.1", int(sys.argv[3])))
        second.listen()
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
    print("listening on", sys.argv[1])
    while True:
        connection, _ = listener.accept()
        start(connection)


main()
