#!/bin/sh
# A balance for one hold, 200 holds at once by two replicas, 100 times.
exec "${B:-build}/test/tests/ledger/double_spend" 100
