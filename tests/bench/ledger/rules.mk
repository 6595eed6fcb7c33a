# The ledger's benchmark, against pgbench on the same server.
BENCH_LEDGER := $(B)/bench/ledger/ledger
$(BENCH_LEDGER): $(call object,$(wildcard tests/bench/ledger/*.c)) $(TEST_LIBS)
	$(link)

.PHONY: bench-ledger bench-ledger-programs
bench-ledger-programs: $(BENCH_LEDGER) $(B)/bin/credits
bench-ledger: ## pairs of hold and settle against pgbench, reads with 10 M transfers
	@tools/deps install build run unit
	@$(MAKE) bench-ledger-programs >&2
	@B=$(B) $(BENCH_LEDGER) pairs
	@B=$(B) $(BENCH_LEDGER) reads
