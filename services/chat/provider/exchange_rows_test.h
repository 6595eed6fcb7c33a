/* Faults of providers, and what is made of each. */
#ifndef CHAT_PROVIDER_EXCHANGE_ROWS_TEST_H
#define CHAT_PROVIDER_EXCHANGE_ROWS_TEST_H

#include <stdbool.h>
#include <stddef.h>

#define EXCHANGE_APIS 4 /* openai, anthropic, gemini, openai_responses */

enum exchange_place {
	AT_STANDIN,
	AT_TLS,      /* it is asked for TLS, and speaks none */
	AT_NO_NAME,  /* no host has this name */
	AT_NOTHING,  /* nobody listens */
	BEHIND_NONE, /* the proxy is away */
};

/* An outcome is "CLASS reason 'text' money usage":
 *   DONE STOP|LENGTH|FILTER|TOOLS   the answer is whole
 *   FAILED reason                   the user sees the text so far and this reason
 *   retry, busy, model, key, price, parameter, unclear, final reason [rest in ms]
 *                                   nothing came: the verdict of fault.c; the user sees the reason
 *                                   when no other try answers
 * money: paid, free. usage: told by the provider, none (then we count, where it is paid), begun (only
 * the prompt's is told). */
struct exchange_row {
	const char *name;
	enum exchange_place place;
	const char *ask;  /* directives to the stand-in */
	const char *body; /* or these bytes, with ask as the pairs of [[fault:body]]; ' for " */
	size_t body_len;
	bool slow; /* its time must run out */
	/* By API; NULL: as the one before. */
	const char *stream[EXCHANGE_APIS];
	const char *whole[EXCHANGE_APIS]; /* in one piece; all NULL: it makes no difference */
};

extern const struct exchange_row exchange_rows[];
extern const size_t exchange_rows_n;

#endif
