#!/bin/sh
# guard.sh KEY FOLDER OWNER START: ends the hosts of a sandbox whose owner is gone, when nobody else does.
# Ends without a deed as soon as FOLDER/guarded is gone. A process is known by its pid and its start time.
set -u
key=$1 folder=$2 owner=$3 start=$4
here=$(dirname "$0")
trap '' HUP

lives() { [ "$(sed 's/.*) //' "/proc/$owner/stat" 2> /dev/null | cut -d' ' -f20)" = "$start" ]; }
while [ -e "$folder/guarded" ] && lives; do sleep 1; done
# The supervisor notices it too, and removes more orderly: it has the first go.
tries=0
while [ -e "$folder/guarded" ] && [ "$tries" -lt 40 ]; do
  tries=$((tries + 1))
  sleep 1
done
if [ -e "$folder/guarded" ]; then
  sh "$here/erase.sh" "$key" && rm -rf "$folder"
fi
