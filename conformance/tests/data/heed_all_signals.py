"""Resets the signals, and then becomes (with exec) the program that the arguments name. So that program ignores no signal.

Otherwise, if a test runs in the background or under nohup, the programs that it starts would ignore some signals, as the test
itself does.
"""

import os
import signal
import sys

for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
