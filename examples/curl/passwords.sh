#!/bin/sh
# Users, passwords and rights: who may do what stands in a file, examples/passwords.txt.
#
# Start the broker with it: npm start -- --password-file examples/passwords.txt
# Run: sh examples/curl/passwords.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
status() { curl -sS -o /dev/null -w '%{http_code}\n' "$@"; }

echo '--- joe waits in his session: that needs his password'
status "$broker/updates?session=joe/1&oid=weather.oslo&timeout=0"
status -u joe:wrong "$broker/updates?session=joe/1&oid=weather.oslo&timeout=0"
status -u joe:secret "$broker/updates?session=joe/1&oid=weather.oslo&timeout=0"

echo '--- The sensor may publish weather …'
curl -sSf -u sensor:secret -X PUT -d cold "$broker/topics/weather.oslo"

echo '--- … and nothing else'
curl -sS -u sensor:secret -X PUT -d fire "$broker/topics/alarm"

echo '--- joe gets it; whoever has no name may only look at it'
curl -sSf -u joe:secret "$broker/updates?session=joe/1&content=raw"
curl -sSf "$broker/topics/weather.oslo"
status "$broker/topics"
status -X DELETE "$broker/topics/weather.oslo"

# Away for good.
curl -sSf -o /dev/null -u joe:secret -d '<disconnect/>' "$broker/?session=joe/1"
