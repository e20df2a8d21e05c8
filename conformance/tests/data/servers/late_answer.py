"""A Chaton server that listens at once, but answers no login on its first connections. It accepts every login.

    python3 late_answer.py PORT UNANSWERED

UNANSWERED is the number of connections that get no answer.
"""

import socket
import sys
import threading


def serve(connection, answers):
    stream = connection.makefile("rb")
    while True:
        head = stream.read(5)
        if len(head) < 5:
            connection.close()
            return
        stream.read(int.from_bytes(head[1:], "big"))
        if answers:
            connection.sendall(b"\x01")


listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
number = 0
while True:
    connection, _ = listener.accept()
    answers = number >= int(sys.argv[2])
    threading.Thread(target=serve, args=(connection, answers), daemon=True).start()
    number += 1
