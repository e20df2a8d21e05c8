#!/usr/bin/env python3
"""A lodge with a thread for each client: `server.py PORT`. A second argument makes it wrong:
`spaces` fills the names in MEMBERS with spaces, `big` sends colours with the highest byte first, and with `whole` the SIZE
of STRANGER counts the whole packet."""
import socket
import struct
import sys
import threading

members, lock = {}, threading.Lock()
wrong = sys.argv[2:]


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def packet(kind, content=b""):
    size = len(content) + (6 if "whole" in wrong and kind == 6 else 0)
    return b"LG" + struct.pack("<BBH", 1, kind, size) + content


def padded(name, filler=b"\0"):
    return name + filler * (16 - len(name))


def enter(connection, content):
    name = content[:16].rstrip(b"\0")
    with lock:
        if name in members:
            return None, packet(2)
        members[name] = (connection, int.from_bytes(content[16:19], "little"), b"")
    return name, packet(1)


def say(content):
    if len(content[16:].decode()) <= 200:
        with lock:
            for connection, *_ in members.values():
                connection.sendall(packet(3, content))


def who():
    filler = b" " if "spaces" in wrong else b"\0"
    with lock:
        names = b"".join(padded(name, filler) for name in members)
        return packet(4, struct.pack("<H", len(members)) + names)


def look(content):
    name = content.rstrip(b"\0")
    if name not in members:
        return packet(6, padded(name))
    order = "big" if "big" in wrong else "little"
    _, colour, motto = members[name]
    return packet(5, padded(name) + colour.to_bytes(3, order) + motto)


def paint(name, content):
    with lock:
        members[name] = (members[name][0], int.from_bytes(content[:3], "little"), content[3:])


def talk(connection):
    name = None
    while True:
        head = exactly(connection, 6)
        if head[:3] != b"LG\x01":
            return
        content = exactly(connection, struct.unpack("<H", head[4:])[0])
        if name is None:
            name, answer = enter(connection, content)
            connection.sendall(answer)
        elif head[3] == 2:
            say(content)
        elif head[3] == 5:
            paint(name, content)
        else:
            connection.sendall(who() if head[3] == 3 else look(content))


def serve(connection):
    with connection:
        try:
            talk(connection)
        except (EOFError, OSError):
            pass
        with lock:
            for known in [known for known, member in members.items() if member[0] is connection]:
                del members[known]


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
