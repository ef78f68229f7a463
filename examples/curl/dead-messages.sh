#!/bin/sh
# What cannot be delivered is not lost without a word: it is published on __sys__deadMessage, where somebody may watch.
#
# Run: sh examples/curl/dead-messages.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
get() { curl -sSf "$@"; }

# The undertaker watches; joe subscribes, has a queue for one message only, and goes away.
get -o /dev/null "$broker/updates?session=undertaker/1&oid=__sys__deadMessage&timeout=0"
get -o /dev/null "$broker/updates?session=joe/1&oid=news&maxEntries=1&timeout=0"

get -o /dev/null -X PUT -d 'first' "$broker/topics/news"
get -o /dev/null -X PUT -d 'second' "$broker/topics/news"

echo '--- joe gets what had room'
get "$broker/updates?session=joe/1&content=raw"
echo

echo '--- The undertaker gets the other one, and learns for whom it was, and why'
get "$broker/updates?session=undertaker/1"

get -o /dev/null -d '<disconnect/>' "$broker/?session=joe/1"
get -o /dev/null -d '<disconnect/>' "$broker/?session=undertaker/1"
