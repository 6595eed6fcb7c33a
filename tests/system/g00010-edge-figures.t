#!/bin/bash
# The gateway against strangers. A large body without permission is refused by its head alone. Memory that allowed
# bodies took comes back. However many connections are idle, people are served.
. "$(dirname "$0")/lib.sh"

# An asset of the build before this one.
port=$(free_port) dir=$scratch/stack
mkdir -p "$dir/web-previous/assets"
echo 'old()' >"$dir/web-previous/assets/old-1.js"
chmod -R a+rX "$dir"
stack_start LIMITLESS_GATEWAY_CONNECTIONS_MAX=400 LIMITLESS_GATEWAY_CONNECTIONS_RESERVED=100
sign_up ada
new_chat lumo-mini
for i in 1 2 3 4 5; do call GET /api/v1/credits/balance; done
gateway=$(pid_of gateway)
resident() { awk '/^VmRSS/ { print $2 }' "/proc/$gateway/status"; }
before=$(resident)

call GET /assets/old-1.js
is "$status $body" "200 old()" "a tab of the former page finds its parts"
call GET /assets/gone-1.js
is "$status" 404 "and what is gone is gone"

bodies() { node tests/system/bodies.cjs "$url" "$token" "$1" >"$scratch/bodies"; jq -c .statuses "$scratch/bodies"; }
is "$(bodies /api/v1/nothing | jq -r 'keys - ["404", "cut"] | length')" 0 "a body for nobody is not taken"
note "$(cat "$scratch/bodies")"
is "$(bodies "/api/v1/chats/$chat:generate")" '{"400":1000}' "1,000 bodies of 1 MiB are read and answered"
note "$(cat "$scratch/bodies")"
back() { after=$(resident); [ $((after - before)) -lt 20480 ]; }
until_true 10 back
ok $? "resident memory is back within 20 MB"
note "resident before $before KB, after $(resident) KB"

node tests/system/connections.cjs "$url" "$token" 400 >"$scratch/connections"
is "$(jq -c '[.served, .kept]' "$scratch/connections")" '[100,true]' "everybody is served while strangers sit on 1,600 connections"
note "$(cat "$scratch/connections")"
finish
