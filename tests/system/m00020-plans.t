#!/usr/bin/env bash
# A plan: bought at Stripe's page, granted once, spent first, renewed, cancelled and ended.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CHAT_MODEL_GROUPS_REFRESH=100ms
sql() { "$B/bin/limitless" psql --dir "$dir" -- -qAtc "$1"; }
stripe() { standin_control "stripe/$1" "${@:2}"; }
sign_up root
sql "UPDATE auth.account SET role = 'admin' WHERE id = '$user'"
call POST /api/v1/auth/login '{"email":"root@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
root=$(get .accessToken)
sign_up ada
ada=$token
call GET /api/v1/payments/plans
is "$status $(get '.plans[0].id') $(get '.plans[0].credits') $(get .purchasable)" "200 plus 2500000000 true" "a plan is for sale"

# ---- a group of it
token=$root
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "2000000")][0].id')
call POST /api/v1/admin/model-groups "{\"name\":\"plus\",\"models\":[\"$model\"],\"plans\":[\"plus\"]}"
is "$status $(get '.plans[0]')" "200 plus" "a group of models names the plan"
token=$ada
offered() { call GET /api/v1/models; [ "$(get "[.models[].id] | index(\"$model\") != null")" = "$1" ]; }
until_true 10 offered false
ok $? "a user without it does not see the model"

# ---- bought
call POST /api/v1/payments/subscriptions '{"plan":"gold"}'
is "$status $(get .reason)" "404 PLAN_UNKNOWN" "a plan that is none cannot be bought"
call POST /api/v1/payments/subscriptions '{"plan":"plus"}' -H "Idempotency-Key: one"
page=$(get .url)
call POST /api/v1/payments/subscriptions '{"plan":"plus"}' -H "Idempotency-Key: one"
is "$status $(get .url)" "200 $page" "a repeat gives the same page"
stripe faults -d webhooks=hold >/dev/null
is "$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$page")" 303 "the plan is paid"
stripe deliver -d order=back -d times=2 >/dev/null
stripe faults -d webhooks=send >/dev/null
plan() { call GET /api/v1/credits/plans; get '[.plans[] | .plan + " " + .available] | join(" ")'; }
plan_is() { [ "$(plan)" = "$1" ]; }
until_true 20 plan_is "plus 2500000000"
ok $? "its credits come once, though the events came twice and backwards"
until_true 10 offered true
ok $? "and the model is open"
call POST /api/v1/payments/subscriptions '{"plan":"plus"}'
is "$status $(get .reason)" "409 ALREADY_SUBSCRIBED" "it is not sold twice"

# ---- spent
before=$(balance)
new_chat "$model"
generate "$scratch/answer" "hello [[say:Hi.]]" >/dev/null
until_true 20 plan_is "plus 2498000000"
ok $? "an answer is paid by the plan"
is "$(balance)" "$before" "and not by the balance"
call GET /api/v1/credits/usage
is "$(get .total)" 2000000 "usage has it"
call GET "/api/v1/credits/transactions?plan=plus"
is "$(get '[.transactions[].kind] | join(" ")')" "USAGE PLAN" "the plan has transactions of its own"

# ---- renewed, in the shape of Stripe's newer API
call GET /api/v1/payments/subscriptions
is "$status $(get '.subscriptions | length') $(get '.subscriptions[0].state') $(get '.subscriptions[0].cancels')" "200 1 ACTIVE false" "the user sees the subscription"
id=$(get '.subscriptions[0].id') paid_until=$(get '.subscriptions[0].periodEndTime')
stripe "subscriptions/$id" -d do=renew -d api=new >/dev/null
until_true 20 plan_is "plus 2500000000"
ok $? "the next month brings new credits, and the rest expired"
call GET "/api/v1/credits/transactions?plan=plus"
is "$(get '[.transactions[] | .kind + " " + .amount] | join(" ")')" "EXPIRY -2498000000 PLAN 2500000000 USAGE -2000000 PLAN 2500000000" "as its transactions say"
later() { call GET /api/v1/payments/subscriptions; [[ "$(get '.subscriptions[0].periodEndTime')" > "$paid_until" ]]; }
until_true 10 later
ok $? "the end of what is paid for moved on"

# ---- cancelled, kept, ended
call PATCH "/api/v1/payments/subscriptions/$id" '{}'
is "$status $(get .cancels)" "200 true" "it is cancelled for the end of the month"
plan_is "plus 2500000000"
ok $? "its credits stay until then"
call PATCH "/api/v1/payments/subscriptions/$id" '{"resume":true}'
is "$status $(get .cancels)" "200 false" "and is kept after all"
token=$root
call PATCH "/api/v1/payments/subscriptions/$id" '{}'
is "$status" 404 "somebody else's cannot be cancelled"
call GET /api/v1/admin/payments/subscriptions
is "$status $(get '.subscriptions[0].id') $(get '.subscriptions[0].plan')" "200 $id plus" "an administrator sees it"
token=$ada
stripe "subscriptions/$id" -d do=end >/dev/null
until_true 20 plan_is ""
ok $? "it is ended at Stripe, and its credits are gone"
until_true 10 offered false
ok $? "the model is closed again"
call GET /api/v1/payments/subscriptions
is "$(get '.subscriptions[0].state')" ENDED "the user sees that it ended"
is "$(balance)" "$before" "the balance is what it was"
finish
