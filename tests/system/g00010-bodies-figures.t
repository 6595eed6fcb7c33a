#!/bin/bash
# Large bodies: whoever may not send one is answered by its head, and memory comes back after those that were read.
. "$(dirname "$0")/lib.sh"

stack_start
sign_up ada
new_chat lumo-mini
for i in 1 2 3 4 5; do call GET /api/v1/credits/balance; done
gateway=$(pid_of gateway)
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$gateway/status"; }
before=$(resident)

bodies() { node tests/system/bodies.cjs "$url" "$token" "$1" >"$scratch/bodies"; jq -c .statuses "$scratch/bodies"; }
is "$(bodies /api/v1/nothing | jq -r 'keys - ["404", "cut"] | length')" 0 "a body for nobody is not taken"
note "$(cat "$scratch/bodies")"
is "$(bodies "/api/v1/chats/$chat:generate")" '{"400":1000}' "1,000 bodies of 1 MiB are read and answered"
note "$(cat "$scratch/bodies")"
back() { after=$(resident); [ $((after - before)) -lt 20480 ]; }
until_true 10 back
ok $? "resident memory is back within 20 MB"
note "resident before $before KB, after $(resident) KB"
finish
