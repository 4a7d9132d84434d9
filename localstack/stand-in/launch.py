"""Starts MiniStack, a stand-in for AWS, with what it lacks for the stacks of infra/. It ends when its input does.

GATEWAY_PORT is the port to listen on. MINISTACK_MSK_BOOTSTRAP, if it is set, is the Kafka broker that clusters point to.
STAND_IN_FOLDER, if it is set, goes when this does.
"""
import atexit
import os
import shutil
import signal
import sys
import threading
import time

import alarms
import clusters
import event_sources
import functions
import network
import noted
import permissions
import tables


def end_with_input():
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
    # A request that waits for a function keeps it from ending.
    time.sleep(2)
    os.killpg(0, signal.SIGKILL)


for module in (alarms, clusters, event_sources, functions, network, noted, permissions, tables):
    module.register()
if os.environ.get("STAND_IN_FOLDER"):
    atexit.register(shutil.rmtree, os.environ["STAND_IN_FOLDER"], ignore_errors=True)
threading.Thread(target=end_with_input, daemon=True).start()

from ministack.app import main  # noqa: E402  (it answers as soon as it is there)

main()
