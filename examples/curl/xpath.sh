#!/bin/sh
# XPath picks topics by what their keys say. The same expressions work for /topics, /updates, and get, subscribe, erase in XML.
#
# Run: sh examples/curl/xpath.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# What stands in a key is up to you.
publish() { curl -sSf -o /dev/null -X PUT -H "X-Key: $2" -d "$3" "$broker/topics/$1"; }
publish engine/1 '<sensor kind="temperature" unit="C"><place>hall</place></sensor>' 81
publish engine/2 '<sensor kind="temperature" unit="C"><place>yard</place></sensor>' 76
publish engine/3 '<sensor kind="pressure" unit="bar"><place>hall</place></sensor>' 2.4

# Which topics match? -G --data-urlencode takes care of [ ] " and blanks.
topics() {
  echo "--- $1"
  curl -sSf -G "$broker/topics" --data-urlencode "xpath=$1"
}
topics '//sensor[@kind="temperature"]'
topics '//sensor[place="hall" and @unit="bar"]'
topics '//key[starts-with(@oid, "engine/")][not(.//place="yard")]'
topics 'count(//sensor/place) > 1'

# Their messages, in one answer.
echo '--- get'
curl -sSf "$broker/" -d '<get><key queryType="XPATH">//sensor[place="hall"]</key></get>'
