"""A server that listens, but prints nothing and answers nothing.

    python3 silent.py PORT
"""

import signal
import socket
import sys

listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
signal.pause()
