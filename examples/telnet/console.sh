#!/bin/sh
# The telnet console in a script: read values, set one, see an error.
#
# Run: sh examples/telnet/console.sh
# The broker must have been started with --telnet-port 2702; $TELNET_PORT is another port, $ADMIN a user and a password with a blank
# between them, for a broker with a password file.
set -eu

# The echo off, so that nothing but prompts and answers comes back; quit at the end, so that nc ends too.
nc localhost "${TELNET_PORT:-2702}" <<END | tr -d '\r'
echo
connect ${ADMIN:-admin secret}
get ?nodeId, numTopics
set sysprop/?lastBackup=monday
get sysprop/?lastBackup
get topic/nothing/?numOfHistoryEntries
quit
END
