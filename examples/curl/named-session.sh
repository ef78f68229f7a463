#!/bin/sh
# A named session loses nothing: its subscriptions and its queue stay while the client is away, and what was not acknowledged
# comes again.
#
# Run: sh examples/curl/named-session.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
get() { curl -sSf "$@"; }
publish() { get -o /dev/null -X PUT -d "$1" "$broker/topics/news"; }

# joe subscribes in his session 1 and goes away; two messages are published meanwhile.
get -o /dev/null -d '<subscribe><key oid="news"/><qos><initialUpdate>false</initialUpdate></qos></subscribe>' "$broker/?session=joe/1"
publish 'first'
publish 'second'

echo '--- joe comes back and gets both'
get "$broker/updates?session=joe/1"

echo '--- He asks again (perhaps the answer got lost): the same, marked <redeliver>, with a cursor: ack=…'
answer=$(get "$broker/updates?session=joe/1")
echo "$answer"
cursor=$(echo "$answer" | sed -n "s/.* ack='\([^']*\)'.*/\1/p")

echo '--- With the cursor of the last answer both are done. Nothing waits: 204'
get -w '%{http_code}\n' "$broker/updates?session=joe/1&timeout=0&ack=$cursor"

# Away for good.
get -o /dev/null -d '<disconnect/>' "$broker/?session=joe/1"
