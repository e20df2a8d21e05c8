#!/usr/bin/env python3
"""A server of Chaton with six mistakes that beginners make. `server.py PORT`.

1. It reads one command from each read, and forgets the bytes behind it.
2. It counts the length of a text in characters.
3. It relays messages without a check of the sender's login.
4. It acts on messages of clients that have not logged in.
5. It does not know the private connection: it ignores opcodes 5 to 9.
6. It ends when a client sends an unknown opcode.
"""
import os
import socket
import struct
import sys
import threading

clients = {}
lock = threading.Lock()


def text(data, at):
    (length,) = struct.unpack_from(">i", data, at)
    at += 4
    if not 0 <= length <= 1024:
        raise ValueError("length")
    return data[at:at + length].decode(), at + length


def packed(text):
    return struct.pack(">i", len(text)) + text.encode()


def serve(client):
    name = None
    try:
        while data := client.recv(4096):
            opcode = struct.unpack_from(">b", data)[0]
            if opcode == 0:
                wanted, _ = text(data, 1)
                with lock:
                    free = wanted not in clients
                    if free and name is None:
                        clients[wanted] = client
                        name = wanted
                client.sendall(b"\x01" if free else b"\x02")
            elif opcode == 3:
                sender, at = text(data, 1)
                message, _ = text(data, at)
                with lock:
                    for other in list(clients.values()):
                        other.sendall(b"\x03" + packed(sender) + packed(message))
            elif opcode == 4:
                sender, at = text(data, 1)
                target, at = text(data, at)
                message, _ = text(data, at)
                with lock:
                    other = clients.get(target)
                    if other:
                        other.sendall(b"\x04" + packed(sender) + packed(target) + packed(message))
            elif not 5 <= opcode <= 9:
                print("unknown opcode", opcode, flush=True)
                os._exit(1)
    except (OSError, ValueError, struct.error, UnicodeDecodeError):
        pass
    with lock:
        if name is not None:
            clients.pop(name, None)
    client.close()


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
