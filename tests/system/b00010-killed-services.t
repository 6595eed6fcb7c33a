#!/usr/bin/env bash
# kill -9 of chat and of credits in the middle of an answer. No message is lost, no hold stays, the balance is right.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=20 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CHAT_LEASE=1s LIMITLESS_CHAT_CHECKPOINT=200ms
sign_up ada
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
numbers=$(seq -s ' ' 1 80)

watch() { curl -sS -N --max-time 20 -H "Authorization: Bearer $token" -H 'Accept: text/event-stream' -o "$1" "$url/api/v1/generations/$generation/events"; }
finished() { watch "$scratch/again"; [ "$(events "$scratch/again" | tail -n 1 | jq -r .event)" = done ]; }
restarted() { local new; new=$(pid_of "$1"); [ -n "$new" ] && [ "$new" != "$2" ]; }
settled_at() { call GET /api/v1/credits/balance; [ "$(get .available) $(get .held)" = "$1 0" ]; }

# kill_during SERVICE EXPECTED_BALANCE
kill_during() {
	local service=$1 expected=$2 victim
	new_chat "$model"
	generate "$scratch/$service" "count [[tokens:80]]" >/dev/null 2>&1 &
	local stream=$!
	until_true 10 answers "$scratch/$service"
	ok $? "$service: the answer streams"
	generation=$(events "$scratch/$service" | jq -r 'select(.event == "accepted") | .data.generation')
	victim=$(pid_of "$service")
	kill -9 "$victim"
	ok $? "$service: killed in the middle"
	wait "$stream"
	until_true 20 restarted "$service" "$victim"
	ok $? "$service: the supervisor starts it again"
	until_true 30 finished
	ok $? "$service: the answer comes to its end"
	is "$(text_of "$scratch/again")" "$numbers" "$service: whole, without gap or repeat"
	call GET "/api/v1/chats/$chat/messages"
	is "$(get '[.messages[] | .role + ":" + .state] | join(" ")')" "USER:DONE ASSISTANT:DONE" "$service: both messages are stored"
	is "$(get '.messages[1].text')" "$numbers" "$service: the stored text is the streamed one"
	until_true 30 settled_at "$expected"
	ok $? "$service: charged once, nothing held (available $(get .available), held $(get .held))"
}
kill_during chat 98000000
kill_during credits 96000000

call GET /api/v1/credits/transactions
is "$(get '[.transactions[].kind] | join(" ")')" "USAGE USAGE GIFT" "one charge for each answer"
"$B/bin/limitless" credits verify --dir "$dir" >"$scratch/verify" 2>&1
ok $? "the ledger's invariants hold"
finish
