# Help for people who work on the code: editors, hooks, coverage, profiles. docs/debugging.md shows their use.

.PHONY: compile-commands hooks profile coverage coverage-build
compile-commands: $(GENERATED) ## write build/compile_commands.json, for clangd and other tools
	@$(MAKE) -nB V=1 MODE=release binaries unit-tests service-tests $(LEDGER_TESTS) 2>/dev/null | node tools/compile-commands.mjs build/compile_commands.json

hooks: ## check format and quick lint before each commit of this clone
	@git config core.hooksPath tools/hooks
	@echo "git runs tools/hooks/pre-commit now; git commit --no-verify goes around it"

PROFILE_SECONDS ?= 10
profile: ## where a process spends its time: make profile PID=… [PROFILE_SECONDS=10]
	@tools/deps install profile
	@tools/profile "$(PID)" $(PROFILE_SECONDS)

# Counts belong to many threads, so they are atomic. Stories start programs of other users, which find files that all may write.
CFLAGS_coverage := -O1 -g --coverage -fprofile-update=atomic
LDFLAGS_coverage := --coverage
COVERAGE_STORIES ?= $(filter-out %-browser.t %-figures.t %-two-stacks.t,$(STORIES))
coverage-build: binaries unit-tests service-tests interop web
	@find $(B)/obj -name '*.gcda' -delete
	@find $(B)/obj -name '*.gcno' | sed 's/gcno$$/gcda/' | xargs touch
	@find $(B)/obj -name '*.gcda' -exec chmod a+rw {} +
coverage: ## line coverage of services and gateway by their tests; HTML in build/coverage/html. COVERAGE_STORIES= is faster
	@tools/deps install build run test coverage
	@$(MAKE) MODE=coverage coverage-build
	@tests/run $(patsubst $(B)/%,build/coverage/%,$(UNIT_TESTS) $(SERVICE_TESTS)) $(foreach t,$(COVERAGE_STORIES),'B=build/coverage $(t)') || true
	@tools/coverage
