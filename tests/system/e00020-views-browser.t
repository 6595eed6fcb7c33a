#!/usr/bin/env bash
# The page in a browser: the list of chats, problems, looks and accessibility, payments, answers in the background, administration.
. "$(dirname "$0")/lib.sh"
stack_start
# Runs a statement as the operator does.
cat >"$scratch/sql" <<END
#!/usr/bin/env bash
exec "$PWD/$B/bin/limitless" psql --dir "$dir" -- -qAtc "\$1"
END
chmod 755 "$scratch/sql"
LIMITLESS_SQL=$scratch/sql LIMITLESS_URL=$url node tests/web/run.mjs chats states look payments background provider-keys money || tap_failed=1
finish
