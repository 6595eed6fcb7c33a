#!/usr/bin/env bash
# The page in a browser on bad days: killed services, new releases, slow lines, addresses that lead nowhere.
. "$(dirname "$0")/lib.sh"
port=$(free_port)
stack_start LIMITLESS_GATEWAY_PUBLIC_URL=http://chat.example:$port LIMITLESS_CHAT_LEASE=1s LIMITLESS_CHAT_CHECKPOINT=200ms
LIMITLESS_URL=$url LIMITLESS_DIR=$dir B=$B node tests/web/run.mjs truth upgrade hands long ways || tap_failed=1
finish
