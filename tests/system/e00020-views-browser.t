#!/usr/bin/env bash
# The page in a browser: the list of chats, problems, looks and accessibility, payments.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs chats states look payments || tap_failed=1
finish
