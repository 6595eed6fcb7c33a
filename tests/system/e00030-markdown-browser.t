#!/usr/bin/env bash
# The page in a browser: Markdown, long streams, and texts that are made to break it.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs markdown hostile || tap_failed=1
finish
