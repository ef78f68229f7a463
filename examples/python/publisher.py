#!/usr/bin/env python3
"""Publishes each line of its input as one message.

Run: seq 3 | python3 examples/python/publisher.py numbers '<numbers by="one"/>'
     The first argument is the topic, the second, which may be missing, what the topic says about itself.
The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
"""

import os
import sys
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

BROKER = os.environ.get("XMLBLASTER", "http://localhost:3412")


def publish(oid, content, key):
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if key:
        headers["X-Key"] = key.encode("utf-8")  # header values are UTF-8
    request = Request(f"{BROKER}/topics/{quote(oid)}", content.encode("utf-8"), headers, method="PUT")
    with urlopen(request) as answer:
        answer.read()


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    oid, key = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
    for line in sys.stdin:
        try:
            publish(oid, line.rstrip("\n"), key)
        except HTTPError as error:
            sys.exit(f"{error.code}: {error.read().decode('utf-8')}")
        print(f"published {line.rstrip()}")


if __name__ == "__main__":
    main()
