#!/bin/sh
# kill -9 at every write of a purchase and its refund, in an order by SEED, for SECONDS_TO_RUN.
exec "${B:-build}/test/tests/ledger/payments_kill" "${SECONDS_TO_RUN:-60}" ${SEED:-}
