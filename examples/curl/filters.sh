#!/bin/sh
# Filters look at the messages of a topic, where a query picks topics: only what passes arrives. Four kinds are there at once.
#
# Run: sh examples/curl/filters.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}

# A subscription of joe, and what has come of it; $1 is the filterType, $2 the filter.
poll() { curl -sSf -G "$broker/updates?session=joe/1&oid=gauge&timeout=0&content=raw" -d "filterType=$1" --data-urlencode "filter=$2"; }
publish() { curl -sSf -o /dev/null -X PUT -d "$1" "$broker/topics/gauge"; }

echo '--- a regular expression, for the whole content'
poll GnuRegexFilter '.*bar$'
publish '21 C'
publish '3 bar'
poll GnuRegexFilter '.*bar$'
echo

# Filters of messages that are there already: get takes them too, several of them if need be, and all must let the message pass.
publish '<gauge><value unit="C">21</value></gauge>'
publish '<gauge><value unit="bar">3</value></gauge>'
echo '--- an XPath, into contents that are XML; ContentLenFilter: no more bytes than that'
curl -sSf "$broker/" -d "<get><key oid='gauge'/><qos>
  <filter type='XPathFilter'><![CDATA[/gauge/value[@unit='C'] > 20]]></filter>
  <filter type='ContentLenFilter'>1000</filter>
  <history numEntries='-1'/></qos></get>"

# Client properties are for conditions in the manner of SQL.
for x in 80 120; do
  curl -sSf -o /dev/null "$broker/" -d "<publish><key oid='taxi'/><content>taxi at $x</content>
    <qos><clientProperty name='x' type='int'>$x</clientProperty><clientProperty name='kind'>limousine</clientProperty></qos></publish>"
done
echo '--- a condition over client properties'
curl -sSf "$broker/" -d "<get><key oid='taxi'/><qos>
  <filter type='Sql92Filter'>x BETWEEN 0 AND 100 AND kind LIKE 'limo%'</filter><history numEntries='-1'/></qos></get>"
