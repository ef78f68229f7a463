#!/bin/sh
# Administration: look into a broker that runs, and change something.
#
# Run: sh examples/curl/admin.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412. With a password file, set ADMIN to user:password of
# somebody with the right admin.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
admin=${ADMIN:-admin:}
status() { curl -sS -u "$admin" -o /dev/null -w '%{http_code}\n' "$@"; }

# Somebody subscribes and goes away; two messages wait.
curl -sSf -o /dev/null "$broker/updates?session=worker/1&oid=job&timeout=0"
curl -sSf -u "$admin" -o /dev/null -X PUT -d one "$broker/topics/job"
curl -sSf -u "$admin" -o /dev/null -X PUT -d two "$broker/topics/job"

echo '--- The broker'
curl -sSf -u "$admin" "$broker/admin/?nodeId,uptime,clientList,numTopics"

echo '--- What can be asked about a session'
curl -sSf -u "$admin" "$broker/admin/client/worker/session/1/"

echo '--- How many updates wait for it'
curl -sSf -u "$admin" "$broker/admin/client/worker/session/1/?cbQueueNumMsgs"

echo '--- What its topic remembers'
curl -sSf -u "$admin" "$broker/admin/topic/job/?peekHistoryMessages=2"

echo '--- The level of the log, from now on'
curl -sSf -u "$admin" -X POST "$broker/admin/logging/?level=info"

echo '--- A GET changes nothing, and nobody without a name changes anything'
status "$broker/admin/client/worker/session/1/?killSession"
curl -sS -o /dev/null -w '%{http_code}\n' -X POST "$broker/admin/client/worker/session/1/?killSession"

echo '--- The session ends'
curl -sSf -u "$admin" -X POST "$broker/admin/client/worker/session/1/?killSession"

echo '--- For Prometheus'
curl -sSf -u "$admin" "$broker/metrics" | grep '^xmlblaster_published'
