# Many live answers at once. The source of the pieces and the readers are one small program.
BENCH_STREAMS := $(B)/bench/streams/load
$(BENCH_STREAMS): $(call object,$(wildcard tests/bench/streams/*.c)) $(LIBS)
	$(link)

.PHONY: bench-streams
bench-streams: ## live streams: events lost, delay, CPU and memory for one; STREAMS=1000,10000
	@tools/deps install build run
	@$(MAKE) all $(BENCH_STREAMS) >&2
	@node tests/bench/streams/streams.mjs $(B)
