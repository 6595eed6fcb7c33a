# The ledger's benchmark, against pgbench on the same server.
BENCH_LEDGER := $(B)/bench/ledger/ledger
$(BENCH_LEDGER): $(call object,$(wildcard tools/bench/ledger/*.c)) $(TEST_LIBS)
	$(link)

.PHONY: bench-ledger
bench-ledger: $(BENCH_LEDGER) $(B)/bin/credits ## pairs of hold and settle against pgbench, reads with 10 M transfers
	@B=$(B) $(BENCH_LEDGER) pairs
	@B=$(B) $(BENCH_LEDGER) reads
