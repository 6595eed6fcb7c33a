#!/usr/bin/env bash
# No credits, or a provider that is down, busy or broken: nothing is held or charged. The question stays if its answer had begun.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CHAT_QUICK_TRIES_WITHIN=3s
sign_up ada
call GET /api/v1/models
dear=$(get '[.models[] | select(.price.perMessage == "30000000")][0].id')
cheap=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
has_balance() { call GET /api/v1/credits/balance; [ "$(get .available) $(get .held)" = "$1 0" ]; }

new_chat "$dear"
for i in 1 2 3; do generate "$scratch/e$i" "question $i" >/dev/null; done
until_true 10 has_balance 10000000
ok $? "three dear messages leave 10 credits"
before=$(standin_requests | jq .total)
is "$(generate "$scratch/refused" "one more")" 402 "the fourth is refused with a plain 402"
is "$(jq -r .reason "$scratch/refused")" INSUFFICIENT_CREDITS "and says why"
is "$(standin_requests | jq .total)" "$before" "no provider was called"
call GET "/api/v1/chats/$chat/messages"
is "$(get '[.messages[] | select(.role == "USER")] | length')" 3 "nothing of it is stored"
is "$(get '.messages[-1].state')" DONE "the chat ends with the last answer"
has_balance 10000000
ok $? "nothing is held for it"

# fails NAME FAULT REASON [TEXT]: the generation ends with an error event of this reason, and costs nothing.
fails() {
	new_chat "$cheap"
	generate "$scratch/fault" "fail [[fault:$2]]" >/dev/null
	is "$(events "$scratch/fault" | tail -n 1 | jq -r '.event + " " + .data.reason')" "error $3" "$1 ends in an error event"
	until_true 10 has_balance 10000000
	ok $? "$1 costs nothing"
	call GET "/api/v1/chats/$chat/messages"
	is "$(get '[.messages[] | .role + ":" + .state] | join(" ")')" "USER:DONE ASSISTANT:FAILED" "$1 keeps the question"
}
fails "a provider that answers 500" 500 PROVIDER_UNAVAILABLE
fails "a provider that is busy" "429 retry_after=60" PROVIDER_BUSY
fails "a provider that refuses" 400 PROVIDER_REFUSED
fails "a provider that hangs up" "cut after=0" PROVIDER_UNAVAILABLE
fails "a page instead of an answer" wrong_type PROVIDER_BROKEN
# data: {"choices":[{"delta":{},"finish_reason":"stop"}]}
fails "an answer without a word" "body data=ZGF0YTogeyJjaG9pY2VzIjpbeyJkZWx0YSI6e30sImZpbmlzaF9yZWFzb24iOiJzdG9wIn1dfQoKZGF0YTogW0RPTkVdCgo" ANSWER_EMPTY

new_chat "$cheap"
generate "$scratch/retried" "again [[fault:500 times=1 key=once]] [[say:second try]]" >/dev/null
is "$(text_of "$scratch/retried")" "second try" "one failure is tried again quickly"
until_true 10 has_balance 8000000
ok $? "and charged once"

for usage in no_usage "usage value=0" "usage value=-5" "usage value=1000000000000"; do
	before=$(get .available)
	new_chat "$cheap"
	generate "$scratch/usage" "count [[fault:$usage]] [[say:fine]]" >/dev/null
	is "$(text_of "$scratch/usage")" fine "$usage: the answer is whole"
	until_true 10 has_balance $((before - 2000000))
	ok $? "$usage: the price is that of the catalogue"
	call GET /api/v1/credits/balance
done
finish
