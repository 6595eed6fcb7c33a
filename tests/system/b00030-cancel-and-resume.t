#!/usr/bin/env bash
# A reader that leaves and returns, a second reader, a repeated request, and the stop button. The stand-in is asked by Anthropic's API, whose
# signed thoughts are items.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=10 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CHAT_PROVIDERS_DEMO_API=anthropic LIMITLESS_CHAT_PROVIDERS_DEMO_MODEL=demo
sign_up ada
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
numbers=$(seq -s ' ' 1 80)
watch_from() { curl -sS -N --max-time 60 -H "Authorization: Bearer $token" -H 'Accept: text/event-stream' ${2:+-H "Last-Event-ID: $2"} -o "$1" "$url/api/v1/generations/$generation/events"; }

new_chat "$model"
generate "$scratch/first" "count [[tokens:80]]" -H 'Idempotency-Key: one' >/dev/null 2>&1 &
reader=$!
until_true 10 answers "$scratch/first"
pkill -KILL -P $reader curl
wait $reader
generation=$(events "$scratch/first" | jq -r 'select(.event == "accepted") | .data.generation')
last=$(events "$scratch/first" | tail -n 1 | jq -r .id)
call GET "/api/v1/chats/$chat"
is "$(get .runningGeneration)" "$generation" "the chat says what runs"
watch_from "$scratch/second" &
readers=$!
watch_from "$scratch/rest" "$last" &
readers="$readers $!"
generate "$scratch/repeat" "count [[tokens:80]]" -H 'Idempotency-Key: one' >/dev/null &
wait $readers $!
cat "$scratch/first" "$scratch/rest" >"$scratch/joined"
is "$(text_of "$scratch/joined")" "$numbers" "what was read before and after the cursor is the whole text"
is "$(text_of "$scratch/second")" "$numbers" "another reader sees all of it"
is "$(text_of "$scratch/repeat")" "$numbers" "a repeated request attaches to the same answer"
is "$(standin_questions | jq length)" 1 "the model was asked once"
is "$(generate "$scratch/reused" "something else" -H 'Idempotency-Key: one')" 409 "the same key with another text is refused"
is "$(jq -r .reason "$scratch/reused")" IDEMPOTENCY_KEY_REUSED "and says why"
call GET "/api/v1/generations/$generation/events" "" -H 'Last-Event-ID: nonsense' -H 'Accept: text/event-stream'
is "$status $(get .reason)" "400 CURSOR_INVALID" "a cursor that is none is refused"

new_chat "$model"
generate "$scratch/stopped" "count [[tokens:2000]]" >/dev/null &
reader=$!
until_true 10 answers "$scratch/stopped"
generation=$(events "$scratch/stopped" | jq -r 'select(.event == "accepted") | .data.generation')
call POST "/api/v1/generations/$generation:cancel"
is "$status" 200 "the stop button answers"
wait $reader
is "$(events "$scratch/stopped" | tail -n 1 | jq -r '.event + " " + .data.stopReason')" "done CANCELLED" "the stream ends as cancelled"
call GET "/api/v1/chats/$chat/messages"
is "$(get '.messages[1].state')" CANCELLED "the message says so"
is "$(get '.messages[1].text')" "$(text_of "$scratch/stopped")" "and keeps what was written"
gone() { [ "$(standin_questions | jq -r '.[-1].outcome')" = "client gone" ]; }
until_true 10 gone
ok $? "the provider's stream was ended"
charged() { call GET /api/v1/credits/balance; [ "$(get .available) $(get .held)" = "96000000 0" ]; }
until_true 10 charged
ok $? "a stopped answer costs its message"

new_chat "$model"
generate "$scratch/early" "wait [[first:20000]]" >/dev/null &
reader=$!
accepted() { [ -s "$scratch/early" ]; }
until_true 10 accepted
generation=$(events "$scratch/early" | jq -r 'select(.event == "accepted") | .data.generation')
call POST "/api/v1/generations/$generation:cancel"
wait $reader
until_true 10 charged
ok $? "stopped before the first token it costs nothing"

# Items: a reader leaves between two of them, and what it reads before and after its cursor is all of them.
items_of() { events "$1" | jq -rsc 'map(select(.event == "item") | .data.thinking // .data.data.thinking // .data)'; }
has_item() { [ "$(cat "$1" 2>/dev/null | grep -c '^event: item')" -ge 2 ]; }
new_chat "$model"
generate "$scratch/thinks" "x [[think:one|two|three|four]] [[say:so it is]]" >/dev/null 2>&1 &
reader=$!
until_true 10 has_item "$scratch/thinks"
pkill -KILL -P $reader curl
wait $reader
generation=$(events "$scratch/thinks" | jq -r 'select(.event == "accepted") | .data.generation')
last=$(events "$scratch/thinks" | tail -n 1 | jq -r .id)
watch_from "$scratch/others" "$last"
watch_from "$scratch/all"
cat "$scratch/thinks" "$scratch/others" >"$scratch/joined"
is "$(items_of "$scratch/all" | jq -c length)" 4 "four thoughts are four items"
is "$(items_of "$scratch/joined")" "$(items_of "$scratch/all")" "before and after the cursor they are all"
is "$(text_of "$scratch/all")" "so it is" "and the text beside them"
generate "$scratch/next" "[[say:again]]" >/dev/null
is "$(standin_questions | jq -r '.[-1] | "\(.api) \(.status) \(.blocks)"')" "anthropic 200 4" "the next question has them, unchanged"
finish
