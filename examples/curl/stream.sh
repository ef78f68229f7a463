#!/bin/sh
# Server-Sent Events: one request, and updates arrive as they are published. `id:` is the cursor, `data:` the update.
#
# Run: sh examples/curl/stream.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# A stream never ends by itself; curl ends this one after 3 seconds, with exit code 28.
curl -s -N --max-time 3 -H 'Accept: text/event-stream' "$broker/updates?oid=ticker" || [ $? -eq 28 ] &
stream=$!
sleep 1

for price in 17 18 19; do
  curl -sSf -o /dev/null -X PUT -d "$price" "$broker/topics/ticker"
done

wait "$stream"
