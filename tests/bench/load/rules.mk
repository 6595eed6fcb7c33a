# What the benchmarks ask with: callers, readers of live streams, and a source of pieces; one small program.
BENCH_LOAD := $(B)/bench/load/load
$(BENCH_LOAD): $(call object,$(wildcard tests/bench/load/*.c)) $(LIBS)
	$(link)

.PHONY: bench-load-check
bench-load-check: $(BENCH_LOAD) ## the benchmarks' callers count replies that are cut, refused or have no end
	@node tests/bench/load/check.mjs $(BENCH_LOAD)
