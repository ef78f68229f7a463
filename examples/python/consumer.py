#!/usr/bin/env python3
"""Consumes updates in a named session, and misses none: stop it, start it again, and it goes on where it was.

Run: python3 examples/python/consumer.py joe/1 '//numbers'
     The first argument is the session, the second an XPath for the topics. Ctrl-C ends it.
The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.

How it works: every answer carries a cursor (ack). The next poll sends it back and so says "all this is done". Whoever dies in between
gets the same updates again, marked <redeliver>: each update arrives at least once.
"""

import base64
import os
import sys
import time
import xml.etree.ElementTree as ElementTree
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

BROKER = os.environ.get("XMLBLASTER", "http://localhost:3412")


def poll(parameters):
    """Waits for updates. Returns them with the cursor that acknowledges them; nothing when there were none in time."""
    with urlopen(f"{BROKER}/updates?{urlencode(parameters)}", timeout=60) as answer:
        body = answer.read()
    if not body:
        return [], None
    response = ElementTree.fromstring(body)
    return response.findall("update"), response.get("ack")


def handle(update):
    """Put your work here. When it fails, the update comes again."""
    content = update.find("content")
    text = content.text or ""
    if content.get("encoding") == "base64":
        text = repr(base64.b64decode(text))
    again = " (again)" if update.find("qos/redeliver") is not None else ""
    print(f"{update.find('key').get('oid')}: {text}{again}", flush=True)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    session, xpath = sys.argv[1:]
    ack = None
    while True:
        parameters = {"session": session, "xpath": xpath, "timeout": 30}
        if ack:
            parameters["ack"] = ack
        try:
            updates, ack = poll(parameters)
        except HTTPError as error:
            if error.code < 500:
                sys.exit(f"{error.code}: {error.read().decode('utf-8')}")
            time.sleep(1)  # the broker is full or shutting down
            continue
        except (OSError, HTTPException):
            time.sleep(1)  # the broker is not there
            continue
        for update in updates:
            handle(update)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
