# The RPC benchmark: ours against gRPC C++ and nng's REQ/REP. libgrpc++ is linked into nothing else but tests.
BENCH_G := build/gen/bench
BENCH_B := $(B)/bench/rpc
BENCH_CXX := $(CXX) -std=c++17 -O2 -I$(BENCH_G)/cc -Itests/bench/rpc

$(BENCH_G)/stamp: tests/bench/rpc/echo.proto | build/deps.stamp
	@mkdir -p $(BENCH_G)/c/bench $(BENCH_G)/cc/bench
	$(Q)cp $< $(BENCH_G)/c/bench/echo.proto
	$(Q)protoc -I $(BENCH_G)/c --c_out=$(BENCH_G)/c bench/echo.proto
	$(Q)protoc -I $(BENCH_G)/c --cpp_out=$(BENCH_G)/cc --grpc_out=$(BENCH_G)/cc \
		--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) bench/echo.proto
	@touch $@

$(BENCH_B)/%.o: tests/bench/rpc/%.c $(BENCH_G)/stamp | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -I$(BENCH_G)/c -Itests/bench/rpc $(CFLAGS_all) -MMD -MP -c -o $@ $<
$(BENCH_B)/echo.pb-c.o: $(BENCH_G)/stamp
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -I$(BENCH_G)/c -c -o $@ $(BENCH_G)/c/bench/echo.pb-c.c

$(BENCH_B)/nng_server $(BENCH_B)/nng_client: NNG := -lnng # as it comes
$(BENCH_B)/ours_server $(BENCH_B)/ours_client $(BENCH_B)/nng_server $(BENCH_B)/nng_client: $(BENCH_B)/%: \
		$(BENCH_B)/%.o $(BENCH_B)/echo.pb-c.o $(LIBS)
	$(link)
$(BENCH_B)/grpc_%: tests/bench/rpc/grpc_%.cc tests/bench/rpc/measure.h $(BENCH_G)/stamp
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	$(Q)$(BENCH_CXX) -o $@ $< $(BENCH_G)/cc/bench/echo.pb.cc $(BENCH_G)/cc/bench/echo.grpc.pb.cc \
		$$(pkg-config --libs grpc++ protobuf)

.PHONY: bench-rpc bench-rpc-programs
bench-rpc-programs: $(addprefix $(BENCH_B)/,ours_server ours_client nng_server nng_client grpc_server grpc_client)
bench-rpc: ## RPC against gRPC C++ and nng
	@tools/deps install build peers
	@$(MAKE) bench-rpc-programs >&2
	@tests/bench/rpc/run $(BENCH_B)
