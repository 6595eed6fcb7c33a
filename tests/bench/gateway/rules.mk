# Our API for programs beside other gateways. The peers are installed into build/bench/peers, nothing else uses them.
PEERS := build/bench/peers
# Streams of Portkey and of what was made of it are 500 ("TypeError: immutable") with a newer @hono/node-server: Portkey-AI/gateway#1389.
PEERS_HONO := 1.14.1
PEERS_PORTKEY := @portkey-ai/gateway@1.15.2
PEERS_LLMOPS := @llmops/gateway@0.6.10 @hono/node-server@$(PEERS_HONO)
# The newest whose parts for a server are all in the registry.
PEERS_PIP := litellm[proxy]==1.108.7 litellm-proxy-extras==0.4.110
# It keeps its budgets in SQLite's memory where no database is configured.
PEERS_CARGO := litellm-rs@0.9.0 --locked --bin gateway --no-default-features --features lite,storage,sqlite

.PHONY: bench-gateway bench-gateway-peers
bench-gateway: ## /v1/chat/completions beside LiteLLM, Portkey, @llmops/gateway and litellm-rs; SECONDS=, TURNS=, ONLY=, CALLERS=
	@tools/deps install build run
	@$(MAKE) all $(BENCH_LOAD) >&2
	@node tests/bench/gateway/gateway.mjs $(B)
bench-gateway-peers: ## install those (npm, pip, cargo; the Rust one compiles for 15 minutes)
	@mkdir -p $(PEERS)/portkey
	@echo '{"private":true}' >$(PEERS)/package.json
	@echo '{"private":true,"overrides":{"@hono/node-server":"$(PEERS_HONO)"}}' >$(PEERS)/portkey/package.json
	@npm install --silent --no-audit --no-fund --prefix $(PEERS) $(PEERS_LLMOPS)
	@npm install --silent --no-audit --no-fund --prefix $(PEERS)/portkey $(PEERS_PORTKEY)
	@python3 -m venv $(PEERS)/py && $(PEERS)/py/bin/pip install -q $(patsubst %,'%',$(PEERS_PIP))
	@cargo install --root $(PEERS)/rust $(PEERS_CARGO)
