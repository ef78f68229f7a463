#!/bin/sh
# Any bytes are a message: a picture goes in and comes out as it is, without XML.
#
# Run: sh examples/curl/binary.sh
# The broker's address comes from $XMLBLASTER, else it is http://localhost:3412.
set -eu
broker=${XMLBLASTER:-http://localhost:3412}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

head -c 100000 /dev/urandom >"$folder/photo.png"

# PUT publishes the body on the topic of the path; X-Key is what the topic says about itself.
curl -sSf -X PUT --data-binary "@$folder/photo.png" \
  -H 'Content-Type: image/png' -H 'X-Key: <photo place="Oslo"/>' "$broker/topics/photo"

# GET reads the newest message.
curl -sSf -D "$folder/headers" -o "$folder/copy.png" "$broker/topics/photo"
grep -i -e '^content-type' -e '^x-key' "$folder/headers"
cmp "$folder/photo.png" "$folder/copy.png" && echo 'the same bytes'
