# gRPC's interoperability programs on our runtime, and their peers on gRPC C++. libgrpc++ is linked into nothing else but tests.
INTEROP_G := build/gen/interop
INTEROP_PEERS := build/interop/peer_server build/interop/peer_client
INTEROP_CC := $(addprefix $(INTEROP_G)/cc/,interop/testing grpc/health/v1/health grpc/reflection/v1alpha/reflection)

$(INTEROP_G)/c.stamp: tests/interop/testing.proto | build/deps.stamp
	@mkdir -p $(INTEROP_G)/c/interop
	@cp $< $(INTEROP_G)/c/interop/testing.proto
	$(Q)protoc -I $(INTEROP_G)/c --c_out=$(INTEROP_G)/c interop/testing.proto
	@touch $@
$(INTEROP_G)/cc.stamp: $(INTEROP_G)/c.stamp protos/grpc/health/v1/health.proto protos/grpc/reflection/v1alpha/reflection.proto
	@mkdir -p $(INTEROP_G)/cc
	$(Q)protoc -I $(INTEROP_G)/c -I protos --cpp_out=$(INTEROP_G)/cc --grpc_out=$(INTEROP_G)/cc \
		--plugin=protoc-gen-grpc=$$(command -v grpc_cpp_plugin) \
		interop/testing.proto grpc/health/v1/health.proto grpc/reflection/v1alpha/reflection.proto
	@touch $@

$(B)/obj/tests/interop/%.o: tests/interop/%.c $(INTEROP_G)/c.stamp | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) -I$(INTEROP_G)/c $(CFLAGS_all) -MMD -MP -c -o $@ $<
$(B)/obj/tests/interop/testing.pb-c.o: $(INTEROP_G)/c.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(CFLAGS_$(MODE)) -I$(INTEROP_G)/c -c -o $@ $(INTEROP_G)/c/interop/testing.pb-c.c
$(B)/bin/rpc-interop-%: $(B)/obj/tests/interop/%.o $(B)/obj/tests/interop/testing.pb-c.o $(LIBS)
	$(link)

$(INTEROP_PEERS): build/interop/%: tests/interop/%.cc $(INTEROP_G)/cc.stamp
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	$(Q)$(CXX) -std=c++17 -O1 -I$(INTEROP_G)/cc -o $@ $< $(foreach f,$(INTEROP_CC),$(f).pb.cc $(f).grpc.pb.cc) \
		$$(pkg-config --libs grpc++ protobuf)

.PHONY: interop
interop: $(addprefix $(B)/bin/rpc-interop-,server client) $(INTEROP_PEERS) $(TEST_MODULES) ## programs of gRPC's interoperability tests
