/* Limits of a program's request. Keys of the configuration (keys.c). */
#ifndef CHAT_API_LIMITS_H
#define CHAT_API_LIMITS_H

#include <stdint.h>

struct api_limits {
	int64_t levels;        /* nested objects and arrays */
	int64_t objects;       /* each takes some 200 bytes of memory */
	int64_t elements;      /* members and elements of all objects and arrays */
	int64_t tools;         /* of one request */
	int64_t stops;         /* texts that end an answer */
	int64_t stop_bytes;    /* of one of them */
	int64_t echo_bytes;    /* of one member that an answer of /v1/responses repeats */
	int64_t inputs;        /* of embeddings, of one request */
	int64_t vectors_bytes; /* of all vectors of an answer, as base64 */
	int64_t input_tokens;  /* of all of them */
};

#endif
