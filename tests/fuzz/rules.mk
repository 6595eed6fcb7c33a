# Fuzz targets: tests/fuzz/NAME.c, what they learnt in tests/fuzz/corpus/NAME. `make test` replays that under ASan;
# libFuzzer goes on from it in a build of its own, as it is clang's.
FUZZERS := $(filter-out replay,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
FUZZ_SECONDS ?= 600
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_MAIN := $(if $(filter fuzz,$(MODE)),,$(B)/obj/tests/fuzz/replay.o)

$(addprefix $(B)/fuzz/,$(FUZZERS)): $(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(FUZZ_MAIN) $(B)/lib/libgateway.a $(LIBS)
	$(link) $(if $(FUZZ_MAIN),,-fsanitize=fuzzer)

# The RPC layer is fuzzed without a network.
$(B)/fuzz/rpc_server $(B)/fuzz/rpc_client: $(B)/obj/tests/fuzz/lib/net_fake.o

# Adapters of providers, formats of the API and readers of imports are chat's.
$(B)/fuzz/openai $(B)/fuzz/api $(B)/fuzz/transfer: $(filter-out %/main.o,$(chat_O))

# The counter of tokens is chat's, too, and maps its tables.
$(B)/fuzz/tokens: $(filter-out %/main.o,$(chat_O)) | $(TOKENS)

.PHONY: fuzz fuzz-programs
fuzz-programs: $(addprefix $(B)/fuzz/,$(FUZZERS))
fuzz: ## fuzz each target for FUZZ_SECONDS (600); its finds are in build/fuzz/found
	@tools/deps install build lint
	@$(MAKE) MODE=fuzz CC=clang fuzz-programs
	@for f in $(FUZZERS); do mkdir -p build/fuzz/corpus/$$f build/fuzz/found; \
		build/fuzz/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=build/fuzz/found/$$f- -print_final_stats=1 \
			build/fuzz/corpus/$$f tests/fuzz/corpus/$$f || exit 1; done
