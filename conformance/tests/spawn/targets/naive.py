"""A Chaton server as a student writes it on the first day. Its mistakes:

* it takes one read for one command, and forgets the bytes after the command;
* it writes the length of a text in characters;
* it does not check the name of a sender, not even before the login;
* it has no private connections.
"""

import socket
import struct
import sys
import threading

clients = {}


def text(value):
    return struct.pack(">I", len(value)) + value.encode()


def take_text(data, at):
    (length,) = struct.unpack_from(">I", data, at)
    return data[at + 4 : at + 4 + length].decode(), at + 4 + length


def serve(connection):
    while data := connection.recv(4096):
        opcode = data[0]
        if opcode == 0:
            wanted, _ = take_text(data, 1)
            if wanted in clients:
                connection.sendall(b"\x02")
            else:
                clients[wanted] = connection
                connection.sendall(b"\x01")
        elif opcode == 3:
            sender, at = take_text(data, 1)
            message, _ = take_text(data, at)
            for other in list(clients.values()):
                other.sendall(b"\x03" + text(sender) + text(message))
        elif opcode == 4:
            sender, at = take_text(data, 1)
            target, at = take_text(data, at)
            message, _ = take_text(data, at)
            if target in clients:
                whisper = text(sender) + text(target) + text(message)
                clients[target].sendall(b"\x04" + whisper)


def client(connection):
    try:
        serve(connection)
    except (OSError, ValueError, struct.error):
        pass
    finally:
        for known, other in list(clients.items()):
            if other is connection:
                del clients[known]
        connection.close()


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=client, args=(connection,), daemon=True).start()


main()
