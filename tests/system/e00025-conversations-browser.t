#!/usr/bin/env bash
# The page in a browser: many chats at once, drafts, projects and templates, import and export, links, search.
. "$(dirname "$0")/lib.sh"
stack_start
LIMITLESS_URL=$url node tests/web/run.mjs bulk drafts projects transfer share search || tap_failed=1
finish
