#!/usr/bin/env bash
# A large import: 10,000 chats in a minute, nothing twice when the file comes again or chat is killed, and the memory of chat and gateway
# while a large file goes in and out. SEED repeats the chats and the moments of the kills; from 600 s on the large file has 500 MB.
. "$(dirname "$0")/../system/lib.sh"
SEED=${SEED:-$RANDOM} SECONDS_TO_RUN=${SECONDS_TO_RUN:-60} RANDOM=$SEED
note "seed $SEED, $SECONDS_TO_RUN s"
stack_start
mb=40
[ "$SECONDS_TO_RUN" -lt 600 ] || mb=500

make_chats() { node tests/long/import.mjs make "$@" "$SEED"; } # file count bytes
# Sends a file in pieces, and waits for the end of its import. Sets `answer`.
import_file() { # file
	node tests/long/import.mjs send "$url" "$token" "$1" >"$scratch/answer"
	answer=$(cat "$scratch/answer")
}
in_answer() { jq -r "$1" <<<"$answer"; }
stays_small() { # service what
	local peak=$(($(awk '/VmHWM/ {print $2}' "/proc/$(pid_of "$1")/status") / 1024))
	[ "$peak" -gt 0 ] && [ "$peak" -lt 100 ]
	ok $? "$1 stays below 100 MB $2"
	note "$1: $peak MB at most"
}

sign_up importer
make_chats "$scratch/small.json" 10000 400
begun=$(date +%s%N)
import_file "$scratch/small.json"
ms=$((($(date +%s%N) - begun) / 1000000))
is "$(in_answer '"\(.state) \(.imported) \(.unchanged) \(.skippedCount)"')" "DONE 10000 0 0" "ten thousand chats come"
note "$ms ms, $(stat -c %s "$scratch/small.json") bytes"
[ $ms -lt $((60000 * ${SLOWER:-1})) ]
ok $? "in a minute"
import_file "$scratch/small.json"
is "$(in_answer '"\(.state) \(.imported) \(.unchanged)"')" "DONE 0 10000" "and once"

sign_up heavy
n=$((mb * 2))
make_chats "$scratch/large.json" $n 120000
begun=$SECONDS
import_file "$scratch/large.json"
is "$(in_answer '"\(.state) \(.imported)"')" "DONE $n" "a large file comes"
note "$(stat -c %s "$scratch/large.json") bytes in $((SECONDS - begun)) s"
for service in chat gateway; do stays_small $service "while it does"; done
curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{}' "$url/api/v1/chats:export" -o "$scratch/export.json"
is "$(grep -c '^{"format":"limitless-chat/1"' "$scratch/export.json")" $n "and goes out again"
rm "$scratch/large.json"
sign_up again
import_file "$scratch/export.json"
is "$(in_answer '"\(.state) \(.imported)"')" "DONE $n" "and comes to another user"
curl -sS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -d '{}' "$url/api/v1/chats:export" -o "$scratch/second.json"
# Ids are new ones, and the rest is the same.
without_ids() { sed -E 's/"(id|parent|leaf)":"[0-9a-f-]*"//g' "$1" | cksum; }
is "$(without_ids "$scratch/second.json")" "$(without_ids "$scratch/export.json")" "whose export is the same"
for service in chat gateway; do stays_small $service "then, too"; done
rm "$scratch/export.json" "$scratch/second.json"

# Chat is killed at times that the seed chooses, and starts again.
sign_up killed
import_file "$scratch/small.json" &
import=$!
kills=0
while [ $kills -lt 5 ] && sleep "0.$((100 + RANDOM % 900))" && kill -0 $import 2>/dev/null; do
	victim=$(pid_of chat)
	[ -n "$victim" ] && kill -KILL "$victim" && kills=$((kills + 1))
done
wait $import
answer=$(cat "$scratch/answer")
note "$kills kills"
is "$(in_answer '"\(.state) \(.imported) \(.unchanged) \(.skippedCount)"')" "DONE 10000 0 0" "an import whose replica is killed is complete"
is "$("$B/bin/limitless" psql --dir "$dir" -- -qAtc "SELECT count(*), count(DISTINCT title) FROM chat.chat WHERE user_id = '$user'")" "10000|10000" "and has nothing twice"
finish
