#!/bin/sh
# Ask a question, wait for the answer: the question names a topic of its own for the answer, and a query on that topic waits.
#
# Run: sh examples/curl/request-response.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
send() { curl -sSf -o /dev/null "$@"; }

# Who answers: a named session, so that no question is missed. It waits in the background.
send -d '<subscribe><key oid="questions"/><qos><initialUpdate>false</initialUpdate></qos></subscribe>' "$broker/?session=oracle/1"
oracle() {
  question=$(curl -sSf "$broker/updates?session=oracle/1&timeout=20")
  echo "--- The oracle is asked: $(echo "$question" | sed -n 's/.*<content>\(.*\)<.*/\1/p')"
  send -X PUT -d '42' "$broker/topics/$(echo "$question" | sed -n "s/.*name='replyTo'>\(.*\)<.*/\1/p")"
}
oracle &

# Who asks: makes a topic for the answer, hidden from XPath, gone a minute after it is needed …
reply=reply-$$
send "$broker/" -d "<publish><key oid='$reply'/><qos><administrative/><topic createDomEntry='false' destroyDelay='60000'/></qos></publish>"
# … asks …
send "$broker/" -d "<publish><key oid='questions'/><content>What do you get if you multiply six by nine?</content>
  <qos><clientProperty name='replyTo'>$reply</clientProperty></qos></publish>"
# … and waits, for one message and 20 seconds at most. Consumable: whoever gets the answer takes it.
curl -sSf "$broker/" --data-binary @- <<XML
<get>
  <key oid='__cmd:topic/$reply/?historyQueueEntries'/>
  <qos>
    <querySpec type='QueueQuery'><![CDATA[maxEntries=1&consumable=true&waitingDelay=20000]]></querySpec>
  </qos>
</get>
XML

wait
send -d '<disconnect/>' "$broker/?session=oracle/1"
