#!/usr/bin/env python3
"""A noticeboard with a thread for each client: `server.py PORT`. `server.py PORT characters` counts characters instead of bytes."""
import socket
import struct
import sys
import threading

notes, lock = {}, threading.Lock()
wrong = sys.argv[2:]


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def pin(connection):
    (size,) = struct.unpack(">H", exactly(connection, 2))
    text = exactly(connection, size)
    length = len(text.decode()) if "characters" in wrong else size
    if not 0 < length <= 280:
        return b"\x06"
    with lock:
        number = len(notes) + 1
        notes[number] = text
    return struct.pack(">BI", 2, number)


def read(connection):
    (number,) = struct.unpack(">I", exactly(connection, 4))
    text = notes.get(number)
    if text is None:
        return struct.pack(">BI", 5, number)
    return struct.pack(">BIH", 4, number, len(text)) + text


def serve(connection):
    with connection:
        try:
            while True:
                opcode = exactly(connection, 1)[0]
                if opcode not in (1, 3):
                    return
                connection.sendall(pin(connection) if opcode == 1 else read(connection))
        except (EOFError, OSError):
            pass


with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as listener:
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
