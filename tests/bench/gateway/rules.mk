# Our API for programs beside other gateways. The peers are installed into build/bench/peers, nothing else uses them.
PEERS := build/bench/peers
PEERS_PORTKEY := @portkey-ai/gateway@1.15.2 @hono/node-server@1.3.3 # a newer server answers 500; streams do on Node 20
PEERS_LLMOPS := @llmops/gateway@0.6.10
PEERS_PIP := litellm[proxy]==1.110.2
PEERS_CARGO := litellm-rs

.PHONY: bench-gateway bench-gateway-peers
bench-gateway: ## /v1/chat/completions beside LiteLLM, Portkey, @llmops/gateway and litellm-rs; ONLY=, CALLERS=
	@tools/deps install build run
	@$(MAKE) all >&2
	@node tests/bench/gateway/gateway.mjs $(B)
bench-gateway-peers: ## install those (npm, pip, cargo; the Rust one compiles for long)
	@mkdir -p $(PEERS)/portkey
	@echo '{"private":true}' | tee $(PEERS)/package.json >$(PEERS)/portkey/package.json
	@npm install --silent --no-audit --no-fund --prefix $(PEERS) $(PEERS_LLMOPS)
	@npm install --silent --no-audit --no-fund --prefix $(PEERS)/portkey $(PEERS_PORTKEY)
	@python3 -m venv $(PEERS)/py && $(PEERS)/py/bin/pip install -q '$(PEERS_PIP)'
	@cargo install --root $(PEERS)/rust $(PEERS_CARGO)
