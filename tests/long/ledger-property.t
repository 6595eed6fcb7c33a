#!/bin/sh
# Random operations on the ledger by 32 threads against a model: 100,000, and a million with an hour to run.
operations=100000
[ "${SECONDS_TO_RUN:-0}" -lt 3600 ] || operations=1000000
exec "${B:-build}/test/tests/ledger/property" $operations ${SEED:-}
