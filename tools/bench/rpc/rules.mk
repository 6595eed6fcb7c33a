# The RPC benchmark: ours against gRPC C++ and nng's REQ/REP. libgrpc++ is linked into nothing else but tests.
BENCH_G := build/gen/bench
BENCH_B := $(B)/bench/rpc
BENCH_CXX := $(CXX) -std=c++17 -O2 -I$(BENCH_G)/cc -Itools/bench/rpc

$(BENCH_G)/stamp: tools/bench/rpc/echo.proto | build/deps.stamp
	@mkdir -p $(BENCH_G)/c/bench $(BENCH_G)/cc/bench
	$(Q)cp $< $(BENCH_G)/c/bench/echo.proto
	$(Q)protoc -I $(BENCH_G)/c --c_out=$(BENCH_G)/c bench/echo.proto
	$(Q)protoc -I $(BENCH_G)/c --cpp_out=$(BENCH_G)/cc --grpc_out=$(BENCH_G)/cc \
		--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) bench/echo.proto
	@touch $@

$(BENCH_B)/%.o: tools/bench/rpc/%.c $(BENCH_G)/stamp | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -I$(BENCH_G)/c -Itools/bench/rpc $(CFLAGS_all) -MMD -MP -c -o $@ $<
$(BENCH_B)/echo.pb-c.o: $(BENCH_G)/stamp
	$(Q)$(CC) -O2 -I$(BENCH_G)/c -c -o $@ $(BENCH_G)/c/bench/echo.pb-c.c

$(BENCH_B)/nng_server $(BENCH_B)/nng_client: NNG := -lnng # as it comes
$(BENCH_B)/ours_server $(BENCH_B)/ours_client $(BENCH_B)/nng_server $(BENCH_B)/nng_client: $(BENCH_B)/%: \
		$(BENCH_B)/%.o $(BENCH_B)/echo.pb-c.o $(LIBS)
	$(link)
$(BENCH_B)/grpc_%: tools/bench/rpc/grpc_%.cc tools/bench/rpc/measure.h $(BENCH_G)/stamp
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	$(Q)$(BENCH_CXX) -o $@ $< $(BENCH_G)/cc/bench/echo.pb.cc $(BENCH_G)/cc/bench/echo.grpc.pb.cc \
		$$(pkg-config --libs grpc++ protobuf)

.PHONY: bench-rpc
bench-rpc: $(addprefix $(BENCH_B)/,ours_server ours_client nng_server nng_client grpc_server grpc_client) ## RPC against gRPC C++ and nng
	@tools/bench/rpc/run $(BENCH_B)
