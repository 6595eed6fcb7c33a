#!/usr/bin/env bash
# The official clients of OpenAI and Anthropic, and two libraries above them, against the API that is sold: gateway, chat, auth, credits.
. "$(dirname "$0")/lib.sh"
. tests/clients/stack.sh
clients_start
export NODE_PATH=build/tests/node_modules
for suite in openai anthropic ai langchain embeddings; do clients_run "$suite" node "tests/clients/$suite.cjs"; done
finish
