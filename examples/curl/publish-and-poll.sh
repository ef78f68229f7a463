#!/bin/sh
# One waits, another publishes: the long poll answers the moment the message is there.
#
# Run: sh examples/curl/publish-and-poll.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# The subscriber: whatever says that it is weather in Oslo. Waits up to 30 seconds, here in the background.
curl -sSf -G "$broker/updates" --data-urlencode 'xpath=//weather[@city="Oslo"]' &
subscriber=$!
sleep 1

# The publisher: a key that describes the topic, and a content.
curl -sSf -o /dev/null "$broker/" \
  -d '<publish><key oid="oslo"><weather city="Oslo"/></key><content>cold</content></publish>'

wait "$subscriber"
