#!/usr/bin/env bash
# README's line for an own model server. The server knows only its own model names, and may start after the stack.
. "$(dirname "$0")/lib.sh"
server_port=$(free_port)
server=
serve_models() { # names with commas
	[ -z "$server" ] || stack_stop "$server"
	LIMITLESS_STANDIN_LISTEN=tcp://127.0.0.1:$server_port LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_STANDIN_MODELS=$1 \
		LIMITLESS_STANDIN_CONTROL_TOKEN=own "$B/bin/standin" 2>>"$scratch/server.log" &
	server=$!
	stacks+=("$server")
}
models() { call GET /api/v1/models && get '[.models[]?.id] | join(" ")'; }
models_are() { [ "$(models)" = "$1" ]; }
asked_for() { curl -sS -H 'Authorization: Bearer own' "http://127.0.0.1:$server_port/standin/requests" | jq -r '[.requests[].model] | unique | join(" ")'; }

line=$(grep -o 'OPENAI_BASE_URL=http://127.0.0.1:11434/v1 OPENAI_API_KEY=[^ ]* make run' README.md)
like "$line" "make run" "README has the line"
read -r base key _ <<<"${line//11434/$server_port}"
stack_start "$base" "$key" LIMITLESS_CHAT_PROVIDER_CALLS_DISCOVER_EVERY=1s
sign_up own
is "$(models)" "" "before the server is there nothing is offered"
call POST /api/v1/chats '{}'
is "$status $(get .reason)" "400 MODEL_UNKNOWN" "a chat has no model yet"
like "$(get .detail)" "has not answered yet" "and that is said"

serve_models llama3.2:latest,nomic-embed-text,qwen3:8b
until_true 30 models_are "llama3.2:latest qwen3:8b"
ok $? "a server that comes later is found, and only its own models are offered"
call GET /api/v1/models
is "$(get '.models[0] | "\(.displayName), \(.price.perMessage)"')" "llama3.2, 1000000" "with a name for people and the rule's price"
call POST /api/v1/chats '{}'
chat=$(get .id)
is "$(get .model)" "llama3.2:latest" "a new chat gets the first of them"
generate "$scratch/answer" "hello [[say:from here]]" >/dev/null
is "$(text_of "$scratch/answer")" "from here" "it answers"
is "$(asked_for)" "llama3.2:latest" "under the name that it knows"
is "$(balance)" 99000000 "for a credit"

serve_models qwen3:8b,gemma3:4b
until_true 30 models_are "qwen3:8b gemma3:4b"
ok $? "what changes there changes here"
stack_stop "$server"
server=
sleep 2 # two unanswered questions for the list of models
is "$(models)" "qwen3:8b gemma3:4b" "a server that is away keeps its models"

# A base address that cannot work is refused at the start, in one line.
for base in 127.0.0.1:11434/v1 'http://a b/v1' '   '; do
	env OPENAI_BASE_URL="$base" "$B/bin/limitless" up --dir "$scratch/refused" --port "$(free_port)" >"$scratch/refused.out" 2>&1
	is $? 1 "'$base' is refused"
	like "$(tail -n 1 "$scratch/refused.out")" "providers.openai.base_url: " "and the line names the key"
done
finish
