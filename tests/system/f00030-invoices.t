#!/usr/bin/env bash
# Pay-as-you-go: the use of a month is invoiced on the first of the next. One invoice is paid late, one in time.
. "$(dirname "$0")/lib.sh"
stack_start LIMITLESS_STANDIN_PACE=0 LIMITLESS_STANDIN_FIRST_TOKEN=0 LIMITLESS_CREDITS_GIFT_AMOUNT_MICROCREDITS=0
stripe=$(cat "$dir/standin.url")
admin() { "$B/bin/limitless" psql --dir "$dir" -- -qAtc "$1"; }
admin "$(cat tests/lib/clock.sql)"
ahead() { admin "UPDATE lc.clock_offset SET shift = $1"; }
# Sets the clock to the first of the next month ($1 = 1), or of the one after it (2).
first_of_month() { ahead "date_trunc('month', statement_timestamp() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '$1 months 1 hour' - statement_timestamp()"; }
# Runs a job now, and waits for its end.
run_job() {
	local before
	before=$(admin "SELECT coalesce(success_time, '-infinity') FROM payments.job WHERE name = '$1'")
	admin "UPDATE payments.job SET run_time = lc.now() WHERE name = '$1'"
	ran() { [ "$(admin "SELECT success_time > '$before' AND lease IS NULL FROM payments.job WHERE name = '$1'")" = t ]; }
	until_true 60 ran "$1"
}
spend() { # messages of 30 credits
	for _ in $(seq "$1"); do
		new_chat "$model"
		generate "$scratch/answer" "hello [[say:Hi.]]" >"$scratch/code"
	done
	cat "$scratch/code"
}
posted_is() { call GET /api/v1/credits/balance; [ "$(get '.posted + " " + .held')" = "$1 0" ]; }
# Sets list.
invoices() { call GET /api/v1/payments; list=$(get '[.payments[] | select(.month != "") | .month + ":" + .state + ":" + .price.minorUnits] | join(" ")'); }
month() { admin "SELECT to_char((lc.now() AT TIME ZONE 'UTC') - interval '1 month', 'YYYY-MM')"; }

sign_up ada
call POST /api/v1/credits:switchBillingType '{"billingType":"PAY_AS_YOU_GO"}'
is "$status" 200 "ada pays as she goes"
call GET /api/v1/models
model=$(get '[.models[] | select(.price.perMessage == "30000000")][0].id')
spend 5 >/dev/null
until_true 20 posted_is -150000000
ok $? "five messages make a debt of 150 credits"

first_of_month 1
run_job invoice
ok $? "on the first of the month invoices are made"
one=$(month)
invoices
is "$list" "$one:OPEN:150" "one for ada, of 1.50"
like "$(get '.payments[0].url')" "^$stripe/pay/in_" "with a page to pay it at"
page=$(get '.payments[0].url')
run_job invoice
invoices
is "$list" "$one:OPEN:150" "once"

spend 10 >/dev/null
until_true 20 posted_is -450000000
ok $? "she goes on in the next month"
ahead "(SELECT max(due_time) FROM payments.payment) + interval '1 hour' - statement_timestamp()"
run_job invoice
suspended() { call GET /api/v1/credits/balance; [ "$(get .limit)" = 0 ]; }
until_true 20 suspended
ok $? "an invoice that is overdue takes the limit away"
is "$(spend 1)" 402 "and the next message is refused"
is "$(curl -sS -o /dev/null -w '%{http_code}' -X POST "$page")" 303 "she pays"
resumed() { posted_is "-300000000" && [ "$(get .limit)" = 1000000000 ]; }
until_true 20 resumed
ok $? "the debt goes down by what was invoiced, and the limit is back"
invoices
is "$list" "$one:PAID:150" "the invoice is paid"
like "$(get '.payments[0].receiptUrl')" '^http' "and has a receipt"

first_of_month 2
run_job invoice
two=$(month)
invoices
is "$list" "$two:OPEN:300 $one:PAID:150" "the next invoice asks for the rest alone"
standin_control stripe/faults -o /dev/null -d webhooks=drop
curl -sS -o /dev/null -X POST "$(get '.payments[0].url')"
run_job reconcile
until_true 20 posted_is 0
ok $? "paid without a webhook, the hourly look at open invoices finds it"
spend 1 >/dev/null
until_true 20 posted_is -30000000
first_of_month 3
run_job invoice
invoices
is "$list" "$two:PAID:300 $one:PAID:150" "30 credits are below the smallest invoice and wait"
"$B/bin/limitless" credits verify --dir "$dir" >"$scratch/verify" 2>&1
ok $? "the ledger's invariants hold"
finish
