#!/bin/sh
# Work for several workers: each message of a ConsumableQueue goes to one of them, one at a time, and to another one when that one
# is gone before it has said that it is done.
#
# Run: sh examples/curl/job-queue.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# The first publish makes the topic a queue; it holds as many jobs as its history.
for job in paint saw glue; do
  curl -sSf -o /dev/null "$broker/" -d "<publish><key oid='jobs'/><content>$job</content><qos>
    <topic><msgDistributor typeVersion='ConsumableQueue,1.0'/><queue relating='history' maxEntries='1000'/></topic></qos></publish>"
done

# A worker is a named session that polls. `ack=` says that the job before is done.
take() { # session ack
  headers=$(mktemp)
  job=$(curl -sSf -D "$headers" "$broker/updates?session=$1&oid=jobs&content=raw&timeout=2&ack=$2")
  ack=$(grep -i '^x-ack:' "$headers" | tr -d '\r' | cut -d ' ' -f 2)
  rm "$headers"
  echo "$1 takes: ${job:-nothing}"
}

take ann/1 ''
take bob/1 ''
take bob/1 "$ack"   # saw is done
done_by_bob=$ack

echo 'ann/1 goes away without having painted'
curl -sSf -o /dev/null -d '<disconnect/>' "$broker/?session=ann/1"

take bob/1 "$done_by_bob"
take bob/1 "$ack"
curl -sSf -o /dev/null -d '<disconnect/>' "$broker/?session=bob/1"
