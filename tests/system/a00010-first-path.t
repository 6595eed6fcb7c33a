#!/usr/bin/env bash
# A new user by curl alone: sign up, ask, follow the answer, pay for it, find the chat again.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0

sign_up ada
is "$status" 200 "sign-up answers 200"
like "$token" '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' "an access token comes with it"
is "$(get .user.role)" USER "a new user has the role USER"
call GET /api/v1/auth/me
is "$(get .email)" ada@example.test "the token says who it is"
call POST /api/v1/auth/signup '{"email":"ADA@example.test","password":"correct horse battery"}'
is "$status $(get .reason)" "409 EMAIL_TAKEN" "an address is taken once, whatever its case"

call GET /api/v1/credits/balance
is "$(get .available)" 100000000 "the welcome gift is 100 credits"
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
is "$(get '.models | length')" 11 "the catalogue has 11 models"
is "$(get '.models[0].demo')" true "without a key the models are demo models"

new_chat "$model"
is "$status" 200 "a chat is made"
code=$(generate "$scratch/events" "Why do otters matter? [[say:Because of kelp.]]")
is "$code" 200 "the stream opens"
is "$(events "$scratch/events" | jq -r .event | uniq | tr '\n' ' ')" "accepted delta usage done " "events come in their order"
is "$(text_of "$scratch/events")" "Because of kelp." "the deltas make the text"
is "$(events "$scratch/events" | jq -r 'select(.event == "done") | .data.stopReason')" STOP "it stopped by itself"
used=$(events "$scratch/events" | jq -r 'select(.event == "usage") | .data.creditsUsed')
is "$used" 2000000 "the price is that of a message"

settled() { [ "$(balance)" = 98000000 ]; }
until_true 10 settled
ok $? "the credits go down by the price"
call GET /api/v1/credits/balance
is "$(get .held)" 0 "nothing stays held"
call GET /api/v1/credits/transactions
is "$(get '[.transactions[].kind] | join(" ")')" "USAGE GIFT" "the transactions say why"

call GET /api/v1/chats
is "$(get '.chats | length')" 1 "the chat is in the list"
like "$(get '.chats[0].title')" 'otters' "its title comes from the question"
call GET "/api/v1/chats/$chat/messages"
is "$(get '[.messages[].role] | join(" ")')" "USER ASSISTANT" "both messages are there"
is "$(get '.messages[1].text')" "Because of kelp." "the answer is stored"
is "$(get '.messages[1].state')" DONE "and done"

generation=$(events "$scratch/events" | jq -r 'select(.event == "accepted") | .data.generation')
curl -sS -N --max-time 10 -H "Authorization: Bearer $token" -H 'Accept: text/event-stream' -o "$scratch/again" "$url/api/v1/generations/$generation/events"
is "$(text_of "$scratch/again")" "Because of kelp." "the events can be read again after the end"
last=$(events "$scratch/events" | jq -r 'select(.event == "done") | .id')
call GET "/api/v1/generations/$generation/events" "" -H "Last-Event-ID: $last" -H 'Accept: text/event-stream'
is "$status" 204 "behind the last event there is nothing left"

call POST /api/v1/auth/logout '{}'
is "$status" 200 "log out"
refused() { call GET /api/v1/auth/me; [ "$status" = 401 ]; }
until_true 5 refused
ok $? "the session ends everywhere within 5 s"
token=
call POST /api/v1/auth/login '{"email":"ada@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
is "$status" 200 "log in again"
token=$(get .accessToken)
call GET /api/v1/chats
is "$(get '.chats | length')" 1 "and find the chat again"

call GET "/chat/$chat"
is "$status" 200 "the page has the chat's path"
call GET /nothing/here
is "$status $(grep -c '<div id="root">' <<<"$body")" "404 1" "a path that the page does not have is the page with 404"
call GET /openapi.json "" --compressed
like "$headers" "content-encoding: gzip" "what is long comes compressed"
is "$(get .openapi)" "3.1.0" "and whole"

token=
for path in login refresh; do
	json='{"email":"ada@example.test","password":"correct horse battery"}'
	[ $path = login ] || json='{}'
	call POST /api/v1/auth/$path "$json" -b "$scratch/jar" -c "$scratch/jar"
	is "$status $(get '.accessToken + .refreshToken')" "200 " "$path: a browser's tokens are not in the body"
	is "$(grep -c '^[Ss]et-[Cc]ookie:.*HttpOnly' <<<"$headers")" 2 "$path: but in two cookies that scripts cannot read"
done
call GET /api/v1/chats "" -b "$scratch/jar"
is "$(get '.chats | length')" 1 "and they are a session"
finish
