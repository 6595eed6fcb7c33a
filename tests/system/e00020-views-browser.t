#!/usr/bin/env bash
# The page in a browser, against a stack of its own: the list of chats, bad days, looks and accessibility.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs chats states look payments || tap_failed=1
finish
