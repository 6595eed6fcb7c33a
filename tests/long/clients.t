#!/usr/bin/env bash
# PyPI's openai and litellm, and the clients of npm, against the API that is sold, for SECONDS_TO_RUN.
export B=${B:-build}
. "$(dirname "$0")/../system/lib.sh"
. tests/clients/stack.sh
end=$((SECONDS + ${SECONDS_TO_RUN:-60})) n=0
python=build/tests/python/bin/python
cmp -s tests/clients/requirements.txt build/tests/python/requirements.txt || {
	python3 -m venv build/tests/python && $python -m pip install -q -r tests/clients/requirements.txt && cp tests/clients/requirements.txt build/tests/python
}
ok $? "the packages of PyPI are installed"
clients_start
export NODE_PATH=build/tests/node_modules LITELLM_LOCAL_MODEL_COST_MAP=True
while [ "$n" -eq 0 ] || [ "$SECONDS" -lt "$end" ]; do
	n=$((n + 1))
	clients_run "python$n" "$python" tests/clients/pypi.py
	for suite in openai anthropic ai langchain; do clients_run "$suite$n" node "tests/clients/$suite.cjs"; done
done
finish
