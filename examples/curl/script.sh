#!/bin/sh
# Several commands in one request: they run in order, up to the first that fails, and the answer has one element for each.
#
# Run: sh examples/curl/script.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

curl -sSf "$broker/" --data-binary @- <<'XML'
<xmlBlaster id="morning">
  <connect>
    <qos><session name="jane"/></qos>
  </connect>
  <subscribe>
    <key queryType="XPATH">//task[@for="jane"]</key>
  </subscribe>
  <publish>
    <key oid="task-7"><task for="jane"/></key>
    <content>water the plants</content>
    <qos><priority>HIGH</priority><expiration lifeTime="3600000"/></qos>
  </publish>
  <get>
    <key oid="task-7"/>
  </get>
  <erase>
    <key oid="task-7"/>
  </erase>
  <disconnect/>
</xmlBlaster>
XML
