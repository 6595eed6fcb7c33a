/* Limits of requests as chat.yaml has them when it says nothing. */
#ifndef TESTS_API_LIMITS_H
#define TESTS_API_LIMITS_H

#include "chat/api_limits.h"

static const struct api_limits test_limits = {
	.levels = 128,
	.objects = 100000,
	.elements = 500000,
	.tools = 256,
	.stops = 16,
	.stop_bytes = 1024,
	.echo_bytes = 65536,
	.inputs = 2048,
	.vectors_bytes = 33 << 20,
	.input_tokens = 300000,
};

#endif
