#!/bin/sh
# A topic remembers: who comes late gets the last value at once, or as much of the history as it wants.
#
# Run: sh examples/curl/last-value.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# The first publish says how much the topic remembers: here three values.
for value in 17 18 19 20; do
  curl -sSf -o /dev/null "$broker/" -d "<publish><key oid='thermometer'/><content>$value</content>
    <qos><topic><queue relating='history' maxEntries='3'/></topic></qos></publish>"
done

echo '--- The last value'
curl -sSf -w '\n' "$broker/topics/thermometer"

echo '--- A subscriber that comes late begins with it, and then waits for the next'
curl -sSf -w '\n' "$broker/updates?oid=thermometer&content=raw"

echo '--- All that the topic remembers, oldest first'
curl -sSf "$broker/" -d '<get><key oid="thermometer"/><qos><history numEntries="-1" newestFirst="false"/></qos></get>'
