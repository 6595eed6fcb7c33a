#!/usr/bin/env bash
# Projects, their prompts and templates of somebody else are as unknown as ids of nothing.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0
sign_up owner
call POST /api/v1/projects '{"name":"Secret project"}'
project=$(get .id)
call POST "/api/v1/projects/$project/prompts" '{"text":"Secret prompt"}'
prompt=$(get .id)
call POST /api/v1/templates '{"title":"Secret template","text":"Hello {{name}}"}'
template=$(get .id)
call POST /api/v1/templates '{"title":"Shown template","text":"Hello {{name}}","public":true}'
shown=$(get .id)
call POST /api/v1/chats "{\"project\":\"$project\"}"
chat=$(get .id)
call POST /api/v1/messages:estimate "{\"chat\":\"$chat\",\"text\":\"hello\"}"
is "$status $(get .messages)" "200 1" "an estimate of one's own chat"

sign_up stranger
nowhere=00000000-0000-7000-8000-000000000000
# A row: what has the id, method, path and body with the id in the place of %.
rows="project GET /api/v1/projects/%
project PATCH /api/v1/projects/% {\"name\":\"x\"}
project DELETE /api/v1/projects/%
project POST /api/v1/projects/%:undelete {}
project GET /api/v1/projects/%/prompts
project POST /api/v1/projects/%/prompts {\"text\":\"x\"}
prompt PATCH /api/v1/prompts/% {\"text\":\"x\"}
prompt DELETE /api/v1/prompts/%
template GET /api/v1/templates/%
template PATCH /api/v1/templates/% {\"title\":\"x\"}
template DELETE /api/v1/templates/%
template POST /api/v1/templates/%:undelete {}
template POST /api/v1/templates/%:render {\"variables\":{\"name\":\"x\"}}
chat POST /api/v1/messages:estimate {\"chat\":\"%\",\"text\":\"x\"}"
while read -r what method path json; do
	for id in "${!what}" "$nowhere"; do
		call "$method" "${path//%/$id}" ${json:+"${json//%/$id}"} </dev/null
		answers="${answers:-}$status $(get .reason) $(get .detail);"
	done
	is "$answers" "404 NOT_FOUND ${answers#404 NOT_FOUND }" "$method $path"
	one=${answers%%;*} two=${answers#*;}
	is "$one;" "$two" "$method $path: foreign as unknown"
	answers=
done <<<"$rows"

call POST /api/v1/chats "{\"project\":\"$project\"}"
is "$status $(get .reason)" "400 PROJECT_UNKNOWN" "no chat in a foreign project"
call GET '/api/v1/templates?query=template'
is "$(get '[.templates[].title] | join(" ")')" "Shown template" "a private template is not found by its title"
call PATCH "/api/v1/templates/$shown" '{"title":"x"}'
is "$status" 404 "a public one is read, not changed"
call POST "/api/v1/templates/$shown:render" '{"variables":{"name":"you"}}'
is "$(get .text)" "Hello you" "and used"
call POST "/api/v1/admin/templates/$shown:withhold" '{}'
is "$status $(get .reason)" "403 ROLE_REQUIRED" "administrators alone withhold"
call GET /api/v1/admin/templates
is "$status $(get .reason)" "403 ROLE_REQUIRED" "administrators alone see all that are withheld"
finish
