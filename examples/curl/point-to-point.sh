#!/bin/sh
# A message to one user instead of a topic's subscribers: it waits until the user comes, and its sender learns when there is nobody.
#
# Run: sh examples/curl/point-to-point.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

echo '--- Nobody of this name was ever here: the sender is told'
curl -sS "$broker/" -d '<publish><key oid="note"/><content>hello?</content><qos><destination>nobody</destination></qos></publish>'

echo '--- forceQueuing keeps it for jack, who is still to come; subscribers of "note" are not to see it'
curl -sSf "$broker/" --data-binary @- <<'XML'
<publish>
  <key oid="note"/>
  <content>lunch at noon?</content>
  <qos><destination forceQueuing="true">jack</destination><subscribable>false</subscribable></qos>
</publish>
XML

echo '--- jack comes and gets it'
answer=$(curl -sSf "$broker/updates?session=jack/1")
echo "$answer"
cursor=$(echo "$answer" | sed -n "s/.* ack='\([^']*\)'.*/\1/p")

echo '--- The same without XML, to one session of his'
curl -sSf -o /dev/null -X PUT -d 'where are you?' "$broker/topics/note?destination=jack/1"
curl -sSf "$broker/updates?session=jack/1&content=raw&ack=$cursor"
echo

curl -sSf -o /dev/null -d '<disconnect/>' "$broker/?session=jack/1"
