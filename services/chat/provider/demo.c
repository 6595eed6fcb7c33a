/* The stand-in of tools/standin. It speaks as OpenAI does, and its answers are canned. */
#include "chat/provider/openai.h"

static const struct provider_api provider_demo = {
	.name = "demo",
	.canned = true,
	.embeds = true,
	.request = openai_request,
	.event = openai_event,
	.refusal = provider_fault_body,
};
PROVIDER_API(provider_demo);
