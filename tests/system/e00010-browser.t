#!/usr/bin/env bash
# The page in a browser, against a stack of its own: tests/web.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs || tap_failed=1
finish
