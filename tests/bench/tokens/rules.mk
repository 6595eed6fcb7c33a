# The counter of tokens, against npm's tiktoken.
.PHONY: bench-tokens
bench-tokens: ## MB/s of counting tokens, beside npm's tiktoken
	@$(MAKE) $(TOKENS) build/tests/tokens-count >&2
	@node tests/bench/tokens/tokens.mjs build/tests/tokens-count $(TOKENS)
