"""A server that goes into the background as daemons do: it forks, creates a session, and forks again.

    python3 double_fork.py PORT
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
if os.fork() > 0:
    os._exit(0)
os.setsid()
if os.fork() > 0:
    os._exit(0)
signal.pause()
