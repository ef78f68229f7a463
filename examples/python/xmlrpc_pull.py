#!/usr/bin/env python3
"""Prints every message of a topic: asks for what waits, so that nobody needs to reach this program.

Run: python3 examples/python/xmlrpc_pull.py joe/1 numbers
     The first argument is the session: what is published while this program does not run waits in its queue.
The broker's address comes from $XMLBLASTER, else it is http://localhost:3412. Ends with Ctrl+C.
"""

import os
import re
import sys
from xml.sax.saxutils import quoteattr
from xmlrpc.client import Fault, ServerProxy

broker = ServerProxy(os.environ.get("XMLBLASTER", "http://localhost:3412") + "/RPC2")

# Takes one message out of the queue, and waits up to 20 s for it to be there.
QUERY = "maxEntries=1&maxSize=-1&consumable=true&waitingDelay=20000"


def connect(name):
    callback = "<queue relating='callback'><callback type='XMLRPC' dispatcherActive='false'/></queue>"
    answer = broker.authenticate.connect(f"<qos><session name={quoteattr(name)}/>{callback}</qos>")
    return re.search(r"sessionId='([^']+)'/>", answer).group(1)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    name, oid = sys.argv[1:]
    session = connect(name)
    broker.xmlBlaster.subscribe(session, f"<key oid={quoteattr(oid)}/>", "<qos><multiSubscribe>false</multiSubscribe></qos>")
    print("subscribed", flush=True)
    key = f"<key oid={quoteattr(f'__cmd:client/{name}/?callbackQueueEntries')}/>"
    qos = f"<qos><querySpec type='QueueQuery'><![CDATA[{QUERY}]]></querySpec></qos>"
    while True:
        for _, content, _ in broker.xmlBlaster.get(session, key, qos, "true"):
            print(content, flush=True)


if __name__ == "__main__":
    try:
        main()
    except Fault as fault:
        sys.exit(fault.faultString)
    except KeyboardInterrupt:
        pass
