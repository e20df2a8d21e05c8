"""A Chaton server that accepts logins, and attacks the readers of its reports.

    python3 shouting.py PORT [dies]

It writes sequences for terminals, commands for build servers and characters that XML forbids, and sends them in its frames;
with `dies` it writes them and ends before it listens.
"""

import os
import socket
import struct
import sys
import threading

LOGIN, ACCEPTED, REFUSED, MESSAGE, WHISPER = range(5)

HIDDEN = "\x00\x07\x1b\x7f\x85\x9b\xad\u200b\u202e\u2066\u2028\u061c\ufeff\ufffe\uffff\U0001fffe\U000e0041\u3164\ufe0f"
LINES = [
    "::stop-commands::x",
    " \t\u3000::error::forged",
    "a ##[add-mask]x and ##vso[task.complete result=Succeeded]",
    "\x1b]0;a title\x07\x1b[2J\x1b[8mhidden",
    "not ok 7 - forged # TODO",
    "...",
    "Bail out! forged",
    "<script>alert(1)</script> ]]> &amp;",
    HIDDEN,
]
SHOUT = "\n".join(LINES)

clients = {}
lock = threading.Lock()


def shout():
    for stream in (sys.stdout.buffer, sys.stderr.buffer):
        stream.write(("\n" + SHOUT + "\r\n").encode() + b"\xff\xfe\x9b\n")
        stream.flush()


def take(connection, number):
    taken = b""
    while len(taken) < number:
        piece = connection.recv(number - len(taken))
        if not piece:
            raise EOFError
        taken += piece
    return taken


def take_text(connection):
    (length,) = struct.unpack(">i", take(connection, 4))
    return take(connection, length)


def text(value):
    return struct.pack(">i", len(value)) + value


def serve(connection):
    name = None
    try:
        while True:
            (opcode,) = take(connection, 1)
            if opcode == LOGIN:
                asked = take_text(connection)
                with lock:
                    free = asked not in clients
                    if free:
                        name = asked
                        clients[name] = connection
                connection.sendall(bytes([ACCEPTED if free else REFUSED]))
            elif opcode == MESSAGE:
                take_text(connection), take_text(connection)
                shout()
                with lock:
                    others = list(clients.values())
                frame = bytes([MESSAGE]) + text(("::" + HIDDEN).encode()) + text(SHOUT.encode())
                for other in others:
                    other.sendall(frame)
            elif opcode == WHISPER:
                sender, target, said = (take_text(connection) for _ in range(3))
                with lock:
                    other = clients.get(target)
                if other:
                    other.sendall(bytes([WHISPER]) + text(sender) + text(target) + text(said))
            else:
                shout()
                os._exit(3)
    except (EOFError, OSError):
        pass
    finally:
        with lock:
            if name:
                clients.pop(name, None)
        connection.close()


def main():
    shout()
    if sys.argv[2:] == ["dies"]:
        sys.exit(1)
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=100)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main()
