#!/usr/bin/env python3
"""Publishes each line of its input as one message, over XML-RPC.

Run: seq 3 | python3 examples/python/xmlrpc_publish.py numbers
The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
"""

import os
import sys
from xmlrpc.client import Fault, ServerProxy
from xml.sax.saxutils import quoteattr

broker = ServerProxy(os.environ.get("XMLBLASTER", "http://localhost:3412") + "/RPC2")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    key = f"<key oid={quoteattr(sys.argv[1])} contentMime='text/plain'/>"
    session = broker.authenticate.login("publisher", "secret", "<qos/>", "")
    for line in sys.stdin:
        broker.xmlBlaster.publish(session, key, line.rstrip("\n"), "<qos/>")
        print(f"published {line.rstrip()}")
    broker.authenticate.logout(session)


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(fault.faultString)
