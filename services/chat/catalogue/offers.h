/* Lists of providers (GET /models), and the catalogue that is made of them. */
#ifndef CHAT_CATALOGUE_OFFERS_H
#define CHAT_CATALOGUE_OFFERS_H

#include "chat/catalogue/catalogue.h"

#define OFFERS_MAX MODELS_MAX

struct offer {
	const char *id;
	int32_t window_tokens; /* 0: not said */
};

enum offers_state {
	OFFERS_UNKNOWN, /* it has not answered yet: nothing of it is offered */
	OFFERS_NO_LIST, /* it has none: the catalogue is believed */
	OFFERS_LIST,
};

/* Of one provider. */
struct offers {
	enum offers_state state;
	struct offer *offers; /* in arena */
	size_t n;
	struct arena *arena; /* NULL: no list */
};

/* Reads an answer of OpenAI, Ollama, vLLM or llama.cpp into a new arena. False: it is no list.
 * Names are left out that are longer than 100 bytes, not UTF-8, have control characters, or come
 * after OFFERS_MAX. */
bool offers_read(const char *body, size_t len, struct offers *ret);
void offers_done(struct offers *offers);
bool offers_equal(const struct offers *a, const struct offers *b);

/* base with the offers of its providers, one of offers for each of base->providers. A route to a
 * provider with `discover` stays when the provider lists its model. Other listed models are added
 * by base->discovered. Their ids are the listed names, or "provider:name" where the file has that
 * id. Holds a reference of base. */
struct catalogue *catalogue_with(struct catalogue *base, const struct offers *offers);

#endif
