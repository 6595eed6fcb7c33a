#!/usr/bin/env bash
# The page in a browser: the way of a new user, and answers while they are written.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs path stream || tap_failed=1
finish
