#!/usr/bin/env python3
"""Prints every message of a topic: the broker calls this program.

Run: python3 examples/python/xmlrpc_push.py numbers
The broker's address comes from $XMLBLASTER, else it is http://localhost:3412. Ends with Ctrl+C.
"""

import os
import sys
from threading import Thread
from xml.sax.saxutils import quoteattr
from xmlrpc.client import Fault, ServerProxy
from xmlrpc.server import SimpleXMLRPCServer

broker = ServerProxy(os.environ.get("XMLBLASTER", "http://localhost:3412") + "/RPC2")


def update(session, key, content, qos):
    print(content.data.decode("utf-8"), flush=True)
    return "<qos><state id='OK'/></qos>"


def ping(qos):
    return ""


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    server = SimpleXMLRPCServer(("127.0.0.1", 0), logRequests=False)
    server.register_function(update)
    server.register_function(ping)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}/RPC2"
    callback = f"<queue relating='callback'><callback type='XMLRPC' retries='-1' delay='5000'>{url}</callback></queue>"
    session = broker.authenticate.login("listener", "secret", f"<qos>{callback}</qos>", "")
    broker.xmlBlaster.subscribe(session, f"<key oid={quoteattr(sys.argv[1])}/>", "<qos/>")
    print("subscribed", flush=True)
    try:
        thread.join()
    except KeyboardInterrupt:
        broker.authenticate.logout(session)


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(fault.faultString)
