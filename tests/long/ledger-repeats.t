#!/bin/sh
# Every change of the ledger repeated, delayed, reordered and without an answer, by two replicas.
exec "${B:-build}/test/tests/ledger/repeats" "${SECONDS_TO_RUN:-60}" ${SEED:-}
