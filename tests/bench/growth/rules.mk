# What a call costs in a large database, beside a small one.
.PHONY: bench-growth
bench-growth: ## cost of list, read, send and search with 10 million messages beside 10,000
	@tools/deps install build run
	@$(MAKE) binaries tokens >&2
	@node --max-old-space-size=3000 tests/bench/growth/growth.mjs $(B)
