.PHONY: bench-streams
bench-streams: ## live streams: events lost, delay, CPU and memory for one; STREAMS=1000,10000
	@tools/deps install build run
	@$(MAKE) all $(BENCH_LOAD) >&2
	@node tests/bench/streams/streams.mjs $(B)
