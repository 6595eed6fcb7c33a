#!/usr/bin/env bash
# Two stacks side by side, a second start with the same data, and an end that leaves nothing behind.
. "$(dirname "$0")/lib.sh"
stack_start
one_url=$url one_dir=$dir one_pid=$pid one_port=$port
unset port dir
stack_start
sign_up ada
url_two=$url
url=$one_url
call POST /api/v1/auth/login '{"email":"ada@example.test","password":"correct horse battery"}'
is "$status" 401 "an account of one stack does not exist in the other"
sign_up bob
is "$status" 200 "both serve"

"$B/bin/limitless" up --dir "$scratch/third" --port "$one_port" >"$scratch/taken" 2>&1
is "$?" 1 "a port in use is refused"
like "$(cat "$scratch/taken")" "$one_port" "in a line that names it"

children=$(pgrep -P "$one_pid")
stack_stop "$one_pid"
survivors=$(for p in $children; do kill -0 "$p" 2>/dev/null && echo "$p"; done)
is "$survivors" "" "SIGTERM ends every child"
port=$one_port dir=$one_dir
# The quickest of a few starts counts, because other tests use the machine too.
for _ in 1 2 3 4 5; do
	began=$(date +%s%N)
	stack_start
	took=$((($(date +%s%N) - began) / 1000000))
	note "second start: $took ms"
	[ $took -ge 2000 ] || break
	stack_stop "$pid"
done
is $((took < 2000)) 1 "the second start takes less than 2 s"
token=
call POST /api/v1/auth/login '{"email":"bob@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
is "$status" 200 "the second start has the data"

children=$(pgrep -P "$pid")
kill -9 "$pid"
all_gone() { for p in $children; do kill -0 "$p" 2>/dev/null && return 1; done; return 0; }
until_true 10 all_gone
ok $? "children die with a supervisor that was killed"
stack_start
token=
call POST /api/v1/auth/login '{"email":"bob@example.test","password":"correct horse battery","tokenDelivery":"BODY"}'
is "$status" 200 "and the next start recovers"
url=$url_two
call GET /api/v1/payments/packages
is "$status" 200 "the other stack did not notice"
finish
