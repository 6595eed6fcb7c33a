# Limitless Chat. `make help` lists the targets. Everything made goes to build/, everything stored by `make run` to var/.

MODE ?= release
DIR ?= var
PORT ?= 8080
LISTEN ?= ipc
V ?= 0

G := build/gen
ifeq ($(MODE),release)
B := build
else
B := build/$(MODE)
endif

ifeq ($(origin CC),default)
CC := gcc
endif
# Debian 12 has Node 18; tools/deps puts a newer one here.
export PATH := $(CURDIR)/build/node/node_modules/.bin:$(PATH)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += --no-print-directory -j$(shell nproc)
endif
ifneq ($(V),1)
Q := @
endif

ARCH := $(shell uname -m)
CSTD := -std=gnu17
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wno-unused-parameter
PKGS := libprotobuf-c libpq libcurl libjwt yaml-0.1 libnghttp2 jansson libcrypto zlib minizip
CPPFLAGS += -D_GNU_SOURCE -Iservices -I$(G) -I. $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
CPPFLAGS += -I/usr/share/include/llhttp -DLLHTTP_STRICT_MODE=1
# Static, for services/runtime/net/poll.c takes the place of two of its functions. NNG_WRAP=0 leaves them alone.
NNG_WRAP ?= 1
CPPFLAGS += -DNNG_WRAP=$(NNG_WRAP)
NNG_WRAPS_1 := -Wl,--wrap=nni_task_dispatch -Wl,--wrap=epoll_wait
NNG := -l:libnng.a -lmbedtls -lmbedx509 -lmbedcrypto $(NNG_WRAPS_$(NNG_WRAP))
PKG_LIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null)
LDLIBS = $(PKG_LIBS) $(NNG) -largon2 -lutf8proc -lm -pthread
# A release's protection against mistakes in memory; tools/lint/hardened looks whether the programs have it.
HARDEN := -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDEN += $(if $(filter x86_64,$(ARCH)),-fcf-protection) $(if $(filter aarch64,$(ARCH)),-mbranch-protection=standard)
CFLAGS_release := -O2 -g $(HARDEN)
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack
# Where tests run a mistake in the program ends it: LIMITLESS_STRICT.
CFLAGS_asan := -DLIMITLESS_STRICT -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
CFLAGS_tsan := -DLIMITLESS_STRICT -O1 -g -fno-omit-frame-pointer -fsanitize=thread
CFLAGS_all = $(CSTD) $(WARN) $(CFLAGS_$(MODE)) $(CFLAGS)
# A library that a program does not use is not loaded: it would cost memory in each process.
LDFLAGS += -Wl,--as-needed $(LDFLAGS_$(MODE)) $(filter -fsanitize% -fno-sanitize%,$(CFLAGS_$(MODE)))

# A service is a folder that has a main.c.
SERVICES := $(sort $(patsubst services/%/main.c,%,$(wildcard services/*/main.c)))
BINARIES := $(addprefix $(B)/bin/,$(SERVICES) gateway limitless standin)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
# Targets that depend on this one look each time whether they changed.
.PHONY: FORCE
FORCE:

.PHONY: all
all: $(BINARIES) web tokens ## build everything: build/bin, build/web and build/tokens

# ---------------------------------------------------------------------------------------------- what the build needs
# One clear line instead of the first compiler error. Elsewhere than on Debian it says nothing.
build/deps.stamp: tools/deps
	@mkdir -p $(@D)
	@tools/deps check build
	@touch $@

.PHONY: deps
deps: ## install what building, running and testing needs (apt, npm)
	@tools/deps install build run test lint

# ---------------------------------------------------------------------------------------------- generated code
# Third-party messages come from /usr/include; ours and gRPC's from protos/.
PROTOS := $(sort $(shell cd protos && find . -name '*.proto' | sed 's,^\./,,'))
WELL_KNOWN := $(addprefix google/protobuf/,any.proto descriptor.proto duration.proto empty.proto field_mask.proto timestamp.proto wrappers.proto)
PB_C := $(patsubst %.proto,$(G)/%.pb-c.c,$(PROTOS) $(WELL_KNOWN))
PB_H := $(PB_C:.c=.h)
PACKAGES := $(sort $(patsubst %/,%,$(dir $(filter-out google/% grpc/% limitless/%,$(PROTOS)))))
RPC_H := $(patsubst %,$(G)/%/rpc.h,$(PACKAGES))
RPC_C := $(patsubst %,$(G)/%/client.c,$(PACKAGES)) $(patsubst %,$(G)/%/server.c,$(PACKAGES))
GEN_H := $(RPC_H) $(addprefix $(G)/limitless/,reasons.h json_rules.h descriptors.h)
GEN_C := $(RPC_C) $(addprefix $(G)/limitless/,reasons.c json_rules.c descriptors.c)

# Generators touch a stamp and rewrite only what changed, so that a comment in one proto rebuilds only its users.
$(G)/messages.stamp: $(addprefix protos/,$(PROTOS)) | build/deps.stamp
	@echo "  PROTO $(words $(PROTOS)) files"
	@rm -rf $(G)/messages.new && mkdir -p $(G)/messages.new
	$(Q)protoc -I protos -I /usr/include --c_out=$(G)/messages.new $(PROTOS) $(WELL_KNOWN)
	@cd $(G)/messages.new && find . -name '*.pb-c.[ch]' | while read -r f; do \
		mkdir -p "../$${f%/*}" && { cmp -s "$$f" "../$$f" || cp "$$f" "../$$f"; }; done
	@rm -rf $(G)/messages.new && touch $@
$(PB_C) $(PB_H): $(G)/messages.stamp ;

$(G)/descriptors.pb: $(addprefix protos/,$(PROTOS)) | build/deps.stamp
	@mkdir -p $(G)
	$(Q)protoc -I protos --include_imports --include_source_info --descriptor_set_out=$@ $(PROTOS)

GEN_TOOL := build/host/gen
GEN_TOOL_PB := $(patsubst %,$(G)/%.pb-c.c,google/protobuf/descriptor google/api/http limitless/options)
GEN_TOOL_BASE := $(patsubst %,services/runtime/base/%.c,arena buf ensure)
$(GEN_TOOL): $(filter-out %_test.c,$(wildcard tools/gen/*.c tools/gen/*.h)) $(GEN_TOOL_BASE) $(GEN_TOOL_PB) | $(PB_H)
	@mkdir -p $(@D)
	@echo "  HOST  $@"
	$(Q)$(CC) $(CSTD) $(WARN) -O1 -g $(CPPFLAGS) -o $@ $(filter %.c,$^) -lprotobuf-c -ljansson

$(G)/tables.stamp: $(GEN_TOOL) $(G)/descriptors.pb
	@echo "  GEN   $(G)"
	$(Q)$(GEN_TOOL) $(G)/descriptors.pb $(G)
	@touch $@
$(GEN_H) $(GEN_C) $(G)/gateway/routes.c $(G)/openapi.json: $(G)/tables.stamp ;

# Named statements: services/<s>/sql/<topic>.sql → sql/<s>.h and sql/<s>.c, with the number of the newest migration.
SQL_OWNERS := $(sort $(foreach f,$(wildcard services/*/sql/*.sql services/*/*/sql/*.sql),$(word 2,$(subst /, ,$(f)))))
SQL_H := $(patsubst %,$(G)/sql/%.h,$(SQL_OWNERS))
SQL_C := $(patsubst %,$(G)/sql/%.c,$(SQL_OWNERS))
sql_files = $(sort $(wildcard services/$(1)/sql/*.sql services/$(1)/*/sql/*.sql))
migrations = $(sort $(wildcard services/$(1)/migrations/*.sql))
define sql_owner
$(G)/sql/$(1).h $(G)/sql/$(1).c &: $(call sql_files,$(1)) $(call migrations,$(1)) tools/gen/sql.awk
	@mkdir -p $(G)/sql
	@echo "  SQL   $(1)"
	$$(Q)awk -v owner=$(1) -v out=$(G)/sql/$(1) -v newest=$(firstword $(subst _, ,$(notdir $(lastword $(call migrations,$(1)))))) -f tools/gen/sql.awk $(call sql_files,$(1))
endef
$(foreach s,$(SQL_OWNERS),$(eval $(call sql_owner,$(s))))

# The list of the services, in C: looked at in each run of make, written only when it changed.
SERVICES_H := $(G)/limitless/services.h
SERVICES_C := $(G)/limitless/services.c
$(SERVICES_H): FORCE
	@tools/gen/services $(G)/limitless $(SERVICES)
$(SERVICES_C): $(SERVICES_H) ;

GENERATED := $(PB_H) $(GEN_H) $(SQL_H) $(SERVICES_H)
.PHONY: generated
generated: $(GENERATED)

# ---------------------------------------------------------------------------------------------- objects and libraries
# Other flags make all objects anew.
FLAGS = $(CC) $(filter-out -DNNG_WRAP=%,$(CPPFLAGS)) $(CFLAGS_all)
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

$(B)/obj/gen/%.o: $(G)/%.c $(B)/flags | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_all) -Wno-missing-prototypes -MMD -MP -c -o $@ $<

$(B)/obj/%.o: %.c $(B)/flags | $(GENERATED)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_all) -MMD -MP -c -o $@ $<

# A build with the other NNG_WRAP compiles the files that know it, and links again.
$(B)/nng_wrap: FORCE
	@mkdir -p $(@D) && { echo $(NNG_WRAP) | cmp -s - $@ || echo $(NNG_WRAP) >$@; }
$(addprefix $(B)/obj/services/runtime/net/,poll.o net_test.o): $(B)/nng_wrap

# Node's HTTP parser: Debian ships its C sources only (package node-llhttp).
$(B)/obj/llhttp/%.o: /usr/share/llhttp/%.c $(B)/flags | build/deps.stamp
	@mkdir -p $(@D)
	@echo "  CC    $<"
	$(Q)$(CC) $(CSTD) $(CFLAGS_$(MODE)) $(CPPFLAGS) -c -o $@ $<
/usr/share/llhttp/%.c: ;

sources = $(filter-out %_test.c,$(wildcard $(1)))
object = $(patsubst %.c,$(B)/obj/%.o,$(1))

GEN_O := $(patsubst $(G)/%.c,$(B)/obj/gen/%.o,$(PB_C) $(GEN_C) $(SQL_C) $(SERVICES_C))
RUNTIME_O := $(call object,$(call sources,services/runtime/*/*.c)) $(addprefix $(B)/obj/llhttp/,api.o http.o llhttp.o)

$(B)/lib/libgen.a: $(GEN_O)
$(B)/lib/libruntime.a: $(RUNTIME_O)
$(B)/lib/%.a:
	@mkdir -p $(@D)
	@rm -f $@
	@echo "  AR    $@"
	$(Q)ar rcs $@ $^

# The one object that a commit changes. It is linked before the archives, so it takes the place of services/runtime/base/version.c.
VERSION_O := $(B)/obj/gen/version.o
$(G)/version.c: VERSION tools/gen/version FORCE
	@mkdir -p $(@D)
	@tools/gen/version >$@.new && { cmp -s $@.new $@ && rm $@.new || mv $@.new $@; }

LIBS = $(B)/lib/libruntime.a $(B)/lib/libgen.a
define link
@mkdir -p $(@D)
@echo "  LINK  $@"
$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS) $(LDLIBS_$(notdir $@))
endef

# ---------------------------------------------------------------------------------------------- programs
service_sources = $(call sources,services/$(1)/*.c services/$(1)/*/*.c)
define service
$(1)_O := $$(call object,$$(call service_sources,$(1)))
$(B)/bin/$(1): $$($(1)_O) $(VERSION_O) $(LIBS)
	$$(link)
endef
$(foreach s,$(SERVICES),$(eval $(call service,$(s))))

GATEWAY_O := $(call object,$(call sources,gateway/*.c)) $(B)/obj/gen/gateway/routes.o
$(B)/bin/gateway: $(GATEWAY_O) $(VERSION_O) $(LIBS)
	$(link)
$(B)/obj/gateway/openapi.o: $(G)/openapi.json # included by its assembler text

# `limitless prices` reads prices as the chat service does.
PRICE_O := $(call object,services/chat/catalogue/price.c services/chat/catalogue/price_read.c services/chat/catalogue/list_price.c)
$(B)/bin/limitless: $(call object,$(call sources,tools/limitless/*.c)) $(PRICE_O) $(VERSION_O) $(LIBS)
	$(link)

$(B)/bin/standin: $(call object,$(call sources,tools/standin/*.c)) $(VERSION_O) $(LIBS)
	$(link)

# ---------------------------------------------------------------------------------------------- the page
W := gateway/web
WEB_SOURCES := $(shell find $(W) -name node_modules -prune -o -type f ! -name schema.d.ts -print 2>/dev/null)
WEB_MODULES := $(W)/node_modules/.package-lock.json

$(WEB_MODULES): $(W)/package-lock.json $(W)/package.json | build/deps.stamp
	@echo "  NPM   $(W)"
	$(Q)cd $(W) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

build/web.stamp: $(WEB_MODULES) $(WEB_SOURCES) $(G)/openapi.json
	@echo "  WEB   build/web"
	$(Q)cd $(W) && npm run --silent types >/dev/null && npm run --silent check && npm run --silent build
	@touch $@

.PHONY: web
web: $(if $(wildcard $(W)/package.json),build/web.stamp) ## build the page into build/web

# ---------------------------------------------------------------------------------------------- tables of tokens
# Vocabularies of the npm package tiktoken, as services/chat/tokens maps them.
T := tools/tokens
TOKENS := build/tokens/tables.bin
$(T)/node_modules/.package-lock.json: $(T)/package-lock.json $(T)/package.json | build/deps.stamp
	@echo "  NPM   $(T)"
	$(Q)cd $(T) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@
$(TOKENS): $(T)/tables.mjs $(T)/LICENSE $(T)/node_modules/.package-lock.json
	@mkdir -p $(@D)
	@echo "  GEN   $@"
	$(Q)node $< $@.new && cp $(T)/LICENSE $(@D)/LICENSE && mv $@.new $@
# Texts with tiktoken's counts of them.
build/tokens/fixture.bin: tests/tokens/fixture.mjs tests/tokens/texts.mjs $(T)/node_modules/.package-lock.json
	@mkdir -p $(@D)
	$(Q)node $< $@ 1 500

.PHONY: tokens
tokens: $(TOKENS) ## make the tables for counting tokens

# ---------------------------------------------------------------------------------------------- test programs
# Unit tests: x_test.c beside x.c of the runtime, the gateway and the tools. A file is a program.
UNIT_TESTS := $(patsubst %.c,$(B)/test/%,$(wildcard services/runtime/*/*_test.c gateway/*_test.c tools/*/*_test.c))
# Service tests: every *_test.c of a service in one program, on a real PostgreSQL.
SERVICE_TESTS := $(foreach s,$(SERVICES),$(if $(wildcard services/$(s)/*_test.c),$(B)/test/services/$(s)))
# The private PostgreSQL of `make run` serves the tests as well.
LIMITLESS_O := $(filter-out %/main.o,$(call object,$(call sources,tools/limitless/*.c)))
$(B)/lib/libtest.a: $(call object,$(wildcard tests/lib/*.c)) $(LIMITLESS_O)
TEST_LIBS = $(B)/lib/libtest.a $(LIBS)

$(B)/test/services/runtime/%: $(B)/obj/services/runtime/%.o $(TEST_LIBS)
	$(link) -lcmocka
$(B)/lib/libgateway.a: $(filter-out %/main.o,$(GATEWAY_O))
$(B)/test/gateway/%: $(B)/obj/gateway/%.o $(B)/lib/libgateway.a $(TEST_LIBS)
	$(link) -lcmocka
define service_test
$(B)/test/services/$(1): $$(call object,$$(wildcard services/$(1)/*_test.c services/$(1)/*/*_test.c)) $$(filter-out %/main.o,$$($(1)_O)) $(TEST_LIBS)
	$$(link) -lcmocka
endef
$(foreach s,$(SERVICES),$(eval $(call service_test,$(s))))
$(B)/test/services/runtime/service/start_test: | $(addprefix $(B)/bin/,$(SERVICES))
# Chat is tested as processes, with the real credits and the stand-in beside it.
$(B)/test/services/chat: | $(addprefix $(B)/bin/,chat credits standin) $(TOKENS) build/tokens/fixture.bin
# Counts texts for tests/long/tokens.t and tests/bench/tokens.
build/tests/tokens-count: build/obj/tests/tokens/count.o build/obj/services/chat/tokens/table.o build/obj/services/chat/tokens/split.o build/obj/services/chat/tokens/count.o build/lib/libruntime.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS_release) -o $@ $^ -lz
define tool_test
$(B)/lib/lib$(1).a: $$(filter-out %/main.o,$$(call object,$$(call sources,tools/$(1)/*.c)))
$(B)/test/tools/$(1)/%: $(B)/obj/tools/$(1)/%.o $(B)/lib/lib$(1).a $(TEST_LIBS)
	$$(link) -lcmocka
endef
$(foreach t,limitless standin,$(eval $(call tool_test,$(t))))

$(B)/lib/liblimitless.a: $(PRICE_O)

# The ledger's programs: random operations, races, kills and repeats, each with arguments for its size.
LEDGER_PROGRAMS := property double_spend kill payments_kill repeats
LEDGER_TESTS := $(addprefix $(B)/test/tests/ledger/,$(LEDGER_PROGRAMS))
$(B)/lib/libledger.a: $(filter-out $(patsubst %,$(B)/obj/tests/ledger/%.o,$(LEDGER_PROGRAMS)),$(call object,$(filter-out %/killer.c,$(wildcard tests/ledger/*.c))))
$(B)/test/tests/ledger/killer.so: tests/ledger/killer.c tests/ledger/killer.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(CSTD) $(WARN) -Wno-missing-prototypes -O2 -fPIC -shared $(CPPFLAGS) -o $@ $< -ldl
$(B)/test/tests/ledger/kill $(B)/test/tests/ledger/payments_kill: $(B)/test/tests/ledger/killer.so
$(B)/test/tests/ledger/%: $(B)/obj/tests/ledger/%.o $(B)/lib/libledger.a $(filter-out %/main.o,$(credits_O)) $(TEST_LIBS)
	$(link)

.PHONY: unit-tests service-tests binaries
unit-tests: $(UNIT_TESTS)
service-tests: $(SERVICE_TESTS)
binaries: $(BINARIES)

include tests/fuzz/rules.mk

# A test program's output is in build/test-logs. Sanitizers: everything in C under ASan and UBSan; what runs
# many threads under TSan; the page in a browser and the figures on the release build.
TSAN_TESTS := $(patsubst %.c,build/tsan/test/%,$(foreach m,services/runtime/net services/runtime/rpc services/runtime/httpd services/runtime/http services/runtime/loop services/runtime/feed gateway,$(wildcard $(m)/*_test.c)))
TESTS := $(patsubst $(B)/%,build/asan/%,$(UNIT_TESTS) $(SERVICE_TESTS)) $(TSAN_TESTS)
TESTS += $(foreach f,$(FUZZERS),'build/asan/fuzz/$(f) tests/fuzz/corpus/$(f)')
STORIES := $(wildcard tests/system/*.t)
BROWSER_STORIES := $(filter %-browser.t,$(STORIES)) # they take longest, so they begin
WEB_UNIT_TESTS := 'npm --prefix $(W) exec -- vitest run --root $(W) --reporter=tap-flat'
export ASAN_OPTIONS ?= detect_leaks=1:abort_on_error=0
export UBSAN_OPTIONS ?= print_stacktrace=1
export TSAN_OPTIONS ?= halt_on_error=1:second_deadlock_stack=1:suppressions=$(CURDIR)/tests/tsan.supp

# Packages of others that the tests talk to the product with.
TEST_MODULES := build/tests/node_modules/.package-lock.json
$(TEST_MODULES): tests/package.json tests/package-lock.json | build/deps.stamp
	@mkdir -p build/tests
	@cp tests/package.json tests/package-lock.json build/tests
	@echo "  NPM   tests"
	$(Q)cd build/tests && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# It begins first, and the others run beside it.
LONGEST_TEST := build/asan/test/services/chat
.PHONY: test test-build check-unit check-db check-system check-web screenshot asan
test: ## build and run every test; ends with one line `N passed, N failed`
	@tools/deps install build run test
	@$(MAKE) test-build
	@tests/run -t 1800 $(LONGEST_TEST) $(foreach t,$(BROWSER_STORIES),'B=build $(t)') $(filter-out $(LONGEST_TEST),$(TESTS)) $(WEB_UNIT_TESTS) \
		$(foreach t,$(filter-out $(BROWSER_STORIES),$(STORIES)),'B=$(if $(filter %-two-stacks.t %-figures.t,$(t)),build,build/asan) $(t)')

# One make for each mode: an object's flags belong to its folder.
test-build: $(TEST_MODULES)
	@$(MAKE) all
	@$(MAKE) MODE=asan binaries unit-tests service-tests interop fuzz-programs
	@$(MAKE) MODE=tsan $(TSAN_TESTS)

check-unit: unit-tests ## unit tests of this MODE
	@tests/run $(UNIT_TESTS)
check-db: service-tests ## service tests of this MODE on a real PostgreSQL
	@tests/run $(SERVICE_TESTS)
check-system: binaries web tokens interop ## stories over the whole stack of this MODE
	@tests/run $(foreach t,$(STORIES),'B=$(B) $(t)')
check-web: all $(TEST_MODULES) ## the page: its own tests, and its stories in a browser
	@tests/run $(foreach t,$(BROWSER_STORIES),'B=$(B) $(t)') $(WEB_UNIT_TESTS)
screenshot: all $(TEST_MODULES) ## take docs/images/chat.png, the README's picture
	@tests/web/screenshot
# Long tests take SEED and SECONDS_TO_RUN from the environment. `long` divides LONG_SECONDS, `soak` gives each an hour.
LONG := $(wildcard tests/long/*.t)
SEED ?= 1
LONG_SECONDS ?= 1200
.PHONY: long soak long-build
long-build: binaries web tokens $(LEDGER_TESTS) $(B)/test/services/chat $(TEST_MODULES)
	@$(MAKE) MODE=fuzz CC=clang fuzz-programs
long: ## long tests for LONG_SECONDS, picked by SEED
	@tools/deps install build run test long lint
	@$(MAKE) long-build
	@tests/long/run $(SEED) $(LONG_SECONDS) $(LONG)
soak: ## every long test for an hour
	@tools/deps install build run test long lint
	@$(MAKE) long-build
	@SEED=$(SEED) SECONDS_TO_RUN=3600 tests/run -j1 -t 7200 $(LONG)
asan: ## build everything with ASan and UBSan into build/asan
	@$(MAKE) MODE=asan binaries unit-tests service-tests

# ---------------------------------------------------------------------------------------------- lint
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')
TIDY := $(patsubst %.c,build/tidy/%.ok,$(wildcard services/*/*.c services/*/*/*.c gateway/*.c tools/*/*.c tests/lib/*.c tests/ledger/*.c tests/fuzz/*.c))

# clang must take every file that gcc built, without a warning; clang-tidy looks for bugs except in tests. An
# object's dependencies are those of its analysis.
define tidy
@mkdir -p $(@D)
@echo "  TIDY  $<"
$(Q)$(if $(filter %_test.c tests/%,$<),clang -fsyntax-only $(CSTD) $(WARN) $(CPPFLAGS) $<,clang-tidy --quiet $< -- $(CSTD) $(WARN) $(CPPFLAGS) 2>/dev/null)
@touch $@
endef
build/tidy/%.ok: %.c build/obj/%.o .clang-tidy
	$(tidy)
build/tidy/tools/gen/%.ok: tools/gen/%.c $(GEN_TOOL) .clang-tidy
	$(tidy)
build/tidy/generated.ok: $(GEN_O)
	@mkdir -p $(@D)
	@echo "  TIDY  $(G)"
	$(Q)clang -fsyntax-only $(CSTD) $(WARN) -Wno-missing-prototypes $(CPPFLAGS) $(patsubst $(B)/obj/gen/%.o,$(G)/%.c,$(GEN_O)) $(G)/gateway/routes.c
	@touch $@

.PHONY: lint lint-format lint-sources lint-arrows lint-protos lint-tidy lint-hardened lint-web
lint: lint-format lint-sources lint-arrows lint-protos lint-tidy lint-hardened lint-web ## style, contract and bug patterns of everything
lint-format:
	$(Q)clang-format --dry-run -Werror $(C_FILES)
lint-sources:
	$(Q)node tools/lint/sources.mjs
lint-arrows: $(patsubst %.c,build/obj/%.o,$(call sources,services/*/*.c services/*/*/*.c gateway/*.c tools/limitless/*.c tools/standin/*.c))
	$(Q)node tools/lint/arrows.mjs
lint-protos: build/deps.stamp
	$(Q)tools/lint/protos
lint-tidy: $(TIDY) build/tidy/generated.ok
lint-hardened: $(BINARIES)
	$(Q)$(if $(filter release,$(MODE)),tools/lint/hardened $(BINARIES))
lint-web: $(WEB_MODULES) $(G)/openapi.json
	$(Q)cd $(W) && npm run --silent types >/dev/null && npm run --silent check

.PHONY: bench
bench: ## print figures of the whole stack, one JSON object a line
	@tools/deps install build run bench
	@$(MAKE) all $(BENCH_LOAD) >&2
	@node tests/bench/stack.mjs $(B)

# ---------------------------------------------------------------------------------------------- run
.PHONY: run
run: ## install what is missing, build, start everything on PORT with its data in DIR
	@tools/deps install build run
	@$(MAKE) all
	@exec build/bin/limitless up --dir $(DIR) --port $(PORT) --listen $(LISTEN)

# The programs describe their own keys, so a program's page stays in step with its table of keys.
.PHONY: config
config: binaries ## write deploy/config/*.yaml, an example of every process
	@for p in $(SERVICES) gateway standin; do build/bin/$$p --print-config >deploy/config/$$p.yaml || exit 1; done

.PHONY: dev
dev: ## as run, rebuilt and restarted on save; the page by Vite with hot replacement
	@tools/deps install build run
	@$(MAKE) all
	@exec node tools/dev.mjs $(DIR) $(PORT)

include tests/bench/rpc/rules.mk
include tests/bench/ledger/rules.mk
include tests/bench/tokens/rules.mk
include tests/bench/growth/rules.mk
include tests/bench/load/rules.mk
include tests/bench/streams/rules.mk
include tests/bench/gateway/rules.mk
include tests/interop/rules.mk
include tools/dev.mk

# ---------------------------------------------------------------------------------------------- house-keeping
.PHONY: help clean fmt new-rpc
new-rpc: ## begin an RPC: make new-rpc NAME=credits.v1.Release [PROTO=…] [IN=…]
	@tools/new-rpc "$(NAME)" "$(PROTO)" "$(IN)"
fmt: ## format the C sources
	clang-format -i $(C_FILES)

clean: ## remove build/
	rm -rf build

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18
	@echo "Variables: MODE=release|asan|tsan  DIR=var  PORT=8080  LISTEN=ipc|tcp  NNG_WRAP=0|1  V=1 shows the commands"

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
