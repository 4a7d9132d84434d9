"""Starts MiniStack, a stand-in for AWS, with what it lacks for the stacks of infra/. It ends when its input does.

GATEWAY_PORT is the port to listen on. MINISTACK_MSK_BOOTSTRAP, if it is set, is the Kafka broker that clusters point to.
"""
import os
import signal
import sys
import threading
import time

import alarms
import event_sources
import functions
import kafka
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


for module in (alarms, event_sources, functions, kafka, network, noted, permissions, tables):
    module.register()
threading.Thread(target=end_with_input, daemon=True).start()

from ministack.app import main  # noqa: E402  (it answers as soon as it is there)

main()
