#!/bin/sh
# kill -9 at every write of the ledger's flows, in an order by SEED, for SECONDS_TO_RUN.
exec "${B:-build}/test/tests/ledger/kill" "${SECONDS_TO_RUN:-60}" ${SEED:-}
