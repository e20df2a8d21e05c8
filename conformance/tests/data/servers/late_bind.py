"""A server that binds its port only when the test allows it, and ends if the port is in use.

    python3 late_bind.py PORT FOLDER

The server writes its port into the file FOLDER/port-N. Start number 1 has N = 1. Then it waits until FOLDER/go-N exists.
"""

import os
import signal
import socket
import sys
import time

port, folder = int(sys.argv[1]), sys.argv[2]
number = 1
while os.path.exists(f"{folder}/port-{number}"):
    number += 1
with open(f"{folder}/new", "w") as file:
    file.write(str(port))
os.rename(f"{folder}/new", f"{folder}/port-{number}")
while not os.path.exists(f"{folder}/go-{number}"):
    time.sleep(0.01)
listener = socket.create_server(("127.0.0.1", port))
signal.pause()
