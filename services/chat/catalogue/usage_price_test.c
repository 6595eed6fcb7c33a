/* What each provider says of usage, in its own words, read by its real reader and priced. The costs
 * were computed by hand, in micro-credits. */
#include "../chat_test.h"
#include "chat/catalogue/price.h"
#include "chat/provider/answer.h"

/* A token: input 3, of the cache 0.3, to it 3.75 and 6, of images 2, output 15, thoughts 20. A message
 * 7, an image 40,000, a call 10,000. */
static const struct price_component full[] = {
	{PRICE_MESSAGE, 0, 7},
	{PRICE_INPUT, 0, 3000000},
	{PRICE_CACHED_INPUT, 0, 300000},
	{PRICE_CACHE_WRITE_5M, 0, 3750000},
	{PRICE_CACHE_WRITE_1H, 0, 6000000},
	{PRICE_OUTPUT, 0, 15000000},
	{PRICE_REASONING, 0, 20000000},
	{PRICE_IMAGE_INPUT, 0, 2000000},
	{PRICE_IMAGE, 0, 40000},
	{PRICE_TOOL_CALL, 0, 10000},
};
/* Above 200,000 tokens of the prompt: input 4 instead of 2, of the cache 1 instead of 0.5, output 15
 * instead of 10. All else costs as its parent. */
static const struct price_component tiers[] = {
	{PRICE_INPUT, 0, 2000000},       {PRICE_INPUT, 200000, 4000000},
	{PRICE_CACHED_INPUT, 0, 500000}, {PRICE_CACHED_INPUT, 200000, 1000000},
	{PRICE_OUTPUT, 0, 10000000},     {PRICE_OUTPUT, 200000, 15000000},
};
static const struct price_component plain[] = {{PRICE_INPUT, 0, 1000000},
					       {PRICE_OUTPUT, 0, 4000000}};

#define FULL full, ARRAY_SIZE(full)
#define TIERS tiers, ARRAY_SIZE(tiers)
#define PLAIN_PRICE plain, ARRAY_SIZE(plain)

struct usage_row {
	const struct price_component *components;
	size_t n;
	const char *usage; /* members of the API's usage; ' for " */
	int64_t cost;
	const char *more; /* beside the text of the answer; NULL: nothing */
};

/* ---------------------------------------------------------------- OpenAI: parts are within */

#define O(prompt, completion, more) \
	"'prompt_tokens':" #prompt ",'completion_tokens':" #completion more
#define O_IN(members) ",'prompt_tokens_details':{" members "}"
#define O_OUT(n) ",'completion_tokens_details':{'reasoning_tokens':" #n "}"

static const struct usage_row openai[] = {
	{FULL, O(100, 50, ""), 7 + 300 + 750, NULL},
	{FULL, O(100, 50, O_IN("'cached_tokens':60")), 7 + 120 + 18 + 750, NULL},
	{FULL, O(100, 50, O_IN("'cached_tokens':60,'cache_write_tokens':20")),
	 7 + 60 + 18 + 75 + 750, NULL},
	{FULL, O(100, 50, O_OUT(20)), 7 + 300 + 450 + 400, NULL},
	{FULL, O(100, 50, O_IN("'image_tokens':30")), 7 + 210 + 60 + 750, NULL},
	/* 60 + 15 + 37.5 + 40 + 450 + 400 + 7 = 1,009.5, rounded up once */
	{FULL,
	 O(100, 50, O_IN("'cached_tokens':50,'cache_write_tokens':10,'image_tokens':20") O_OUT(20)),
	 1010, NULL},
	{FULL, O(100, 50, O_OUT(20) ",'total_tokens':170"), 7 + 300 + 750 + 400, NULL}, /* xAI */
	{FULL, O(100, 5, O_IN("'cached_tokens':900")), 7 + 30 + 75, NULL},
	{FULL, O(10, 5, O_OUT(9)), 7 + 30 + 100, NULL},
	{FULL, O(100, 1, ",'prompt_tokens_details':null"), 7 + 300 + 15, NULL},
	{PLAIN_PRICE, O(100, 50, ""), 100 + 200, NULL},
	{PLAIN_PRICE, O(100, 50, O_IN("'cached_tokens':60,'image_tokens':9") O_OUT(20)), 100 + 200,
	 NULL},
	{TIERS, O(199999, 1, ""), 399998 + 10, NULL},
	{TIERS, O(200000, 1, ""), 400000 + 10, NULL},
	{TIERS, O(200001, 1, ""), 800004 + 15, NULL},
	{TIERS, O(200001, 2, O_IN("'cached_tokens':200000")), 4 + 200000 + 30, NULL},
	{TIERS, O(200000, 10, O_IN("'cached_tokens':150000") O_OUT(10)), 100000 + 75000 + 100,
	 NULL},
	{TIERS, O(1000, 1, O_IN("'image_tokens':400")), 1200 + 800 + 10, NULL},
};

/* ---------------------------------------------------------------- Anthropic: parts are beside */

#define A(input, output, more) "'input_tokens':" #input ",'output_tokens':" #output more
#define A_READ(n) ",'cache_read_input_tokens':" #n
#define A_WRITE(n) ",'cache_creation_input_tokens':" #n
#define A_WRITES(short, long)                                                                   \
	",'cache_creation':{'ephemeral_5m_input_tokens':" #short ",'ephemeral_1h_input_tokens'" \
								 ":" #long "}"
#define A_THOUGHTS(n) ",'output_tokens_details':{'thinking_tokens':" #n "}"

static const struct usage_row anthropic[] = {
	{FULL, A(100, 50, ""), 7 + 300 + 750, NULL},
	{FULL, A(40, 50, A_READ(60)), 7 + 120 + 18 + 750, NULL},
	{FULL, A(20, 50, A_READ(60) A_WRITE(20)), 7 + 60 + 18 + 75 + 750, NULL},
	{FULL, A(20, 50, A_READ(60) A_WRITE(20) A_WRITES(8, 12)), 7 + 60 + 18 + 30 + 72 + 750,
	 NULL},
	{FULL, A(10, 1, A_WRITE(12) A_WRITES(0, 12)), 7 + 30 + 72 + 15, NULL},
	{FULL, A(100, 50, A_THOUGHTS(20)), 7 + 300 + 450 + 400, NULL},
	{FULL, A(10, 5, A_THOUGHTS(9)), 7 + 30 + 100, NULL},
	{FULL, A(10, 1, ",'server_tool_use':{'web_search_requests':2}"), 7 + 30 + 15 + 20000, NULL},
	{FULL, A(10, 1, ",'server_tool_use':{'web_fetch_requests':2}"), 7 + 30 + 15, NULL},
	{FULL, A(null, 2, A_READ(null)), 7 + 27 + 30, NULL}, /* 9 were told at the beginning */
	{FULL, "'output_tokens':2", 7 + 27 + 30, NULL},
	{PLAIN_PRICE, A(40, 50, A_READ(60) A_WRITES(8, 12) A_THOUGHTS(20)), 120 + 200, NULL},
	{TIERS, A(199999, 1, ""), 399998 + 10, NULL},
	{TIERS, A(200000, 1, ""), 400000 + 10, NULL},
	{TIERS, A(200001, 1, ""), 800004 + 15, NULL},
	{TIERS, A(1, 2, A_READ(200000)), 4 + 200000 + 30, NULL},
	{TIERS, A(1, 1, A_WRITE(200000)), 800004 + 15, NULL},
	{TIERS, A(100000, 10, A_WRITES(50000, 50000)), 400000 + 100, NULL},
};

/* ---------------------------------------------------------------- Gemini: thoughts are beside */

#define G(prompt, answer, more) \
	"'promptTokenCount':" #prompt ",'candidatesTokenCount':" #answer more
#define G_CACHED(n) ",'cachedContentTokenCount':" #n
#define G_THOUGHTS(n) ",'thoughtsTokenCount':" #n
#define G_IMAGES(n)                                                                     \
	",'promptTokensDetails':[{'modality':'TEXT','tokenCount':1},{'modality':'IMAGE" \
	"','tokenCount':" #n "}]"

static const struct usage_row gemini[] = {
	{FULL, G(100, 50, ""), 7 + 300 + 750, NULL},
	{FULL, G(100, 50, G_CACHED(60)), 7 + 120 + 18 + 750, NULL},
	{FULL, G(100, 30, G_THOUGHTS(20)), 7 + 300 + 450 + 400, NULL},
	{FULL, G(100, 50, G_IMAGES(30)), 7 + 210 + 60 + 750, NULL},
	{FULL,
	 G(100, 50,
	   G_CACHED(60)
		   G_IMAGES(30) ",'cacheTokensDetails':[{'modality':'IMAGE','tokenCount':20}]"),
	 7 + 90 + 18 + 20 + 750, NULL},
	{FULL, G(100, 50, ",'toolUsePromptTokenCount':15"), 7 + 345 + 750, NULL},
	{FULL, "'promptTokenCount':100,'totalTokenCount':150", 7 + 300 + 750, NULL},
	{FULL, "'promptTokenCount':100,'totalTokenCount':150" G_THOUGHTS(20), 7 + 300 + 450 + 400,
	 NULL},
	{FULL, G(100, 5, G_CACHED(900)), 7 + 30 + 75, NULL},
	{FULL, G(10, 1290, ""), 7 + 30 + 19350 + 40000, ",{'inlineData':{'data':'AA'}}"},
	{PLAIN_PRICE, G(100, 30, G_CACHED(60) G_IMAGES(30) G_THOUGHTS(20)), 100 + 200, NULL},
	{TIERS, G(199999, 1, ""), 399998 + 10, NULL},
	{TIERS, G(200000, 1, ""), 400000 + 10, NULL},
	{TIERS, G(200001, 1, ""), 800004 + 15, NULL},
	{TIERS, G(200001, 2, G_CACHED(200000)), 4 + 200000 + 30, NULL},
	{TIERS,
	 "'promptTokenCount':200000,'totalTokenCount':200010" G_CACHED(150000) G_THOUGHTS(10),
	 100000 + 75000 + 100, NULL},
	{TIERS, G(199990, 1, ",'toolUsePromptTokenCount':11"), 800004 + 15, NULL},
};

/* ---------------------------------------------------------------- Responses: parts are within */

#define R(input, output, more) "'input_tokens':" #input ",'output_tokens':" #output more
#define R_IN(members) ",'input_tokens_details':{" members "}"
#define R_OUT(n) ",'output_tokens_details':{'reasoning_tokens':" #n "}"
#define R_ITEM(type)                                                                             \
	"data: {'type':'response.output_item.done','output_index':1,'item':{'type':'" type "'}}" \
	"\n\n"

static const struct usage_row responses[] = {
	{FULL, R(100, 50, ""), 7 + 300 + 750, NULL},
	{FULL, R(100, 50, R_IN("'cached_tokens':60")), 7 + 120 + 18 + 750, NULL},
	{FULL, R(100, 50, R_IN("'cached_tokens':60,'cache_write_tokens':20")),
	 7 + 60 + 18 + 75 + 750, NULL},
	{FULL, R(100, 50, R_OUT(20)), 7 + 300 + 450 + 400, NULL},
	/* 120 + 15 + 37.5 + 450 + 400 + 7 = 1,029.5, rounded up once */
	{FULL, R(100, 50, R_IN("'cached_tokens':50,'cache_write_tokens':10") R_OUT(20)), 1030,
	 NULL},
	{FULL, R(100, 5, R_IN("'cached_tokens':900")), 7 + 30 + 75, NULL},
	{FULL, R(10, 5, R_OUT(9)), 7 + 30 + 100, NULL},
	{FULL, R(100, 1, ",'input_tokens_details':null"), 7 + 300 + 15, NULL},
	{FULL, R(10, 1, ""), 7 + 30 + 15 + 10000, R_ITEM("web_search_call")},
	{FULL, R(10, 1, ""), 7 + 30 + 15 + 20000 + 40000,
	 R_ITEM("web_search_call") R_ITEM("image_generation_call") R_ITEM("file_search_call")},
	{PLAIN_PRICE, R(100, 50, ""), 100 + 200, NULL},
	{PLAIN_PRICE, R(100, 50, R_IN("'cached_tokens':60") R_OUT(20)), 100 + 200, NULL},
	{TIERS, R(199999, 1, ""), 399998 + 10, NULL},
	{TIERS, R(200000, 1, ""), 400000 + 10, NULL},
	{TIERS, R(200001, 1, ""), 800004 + 15, NULL},
	{TIERS, R(200001, 2, R_IN("'cached_tokens':200000")), 4 + 200000 + 30, NULL},
	{TIERS, R(200000, 10, R_IN("'cached_tokens':150000") R_OUT(10)), 100000 + 75000 + 100,
	 NULL},
};

/* An answer with %1$s beside its text and %2$s as its usage. */
static const struct {
	const char *api;
	const struct usage_row *rows;
	size_t n;
	const char *body;
} tables[] = {
	{"openai", openai, ARRAY_SIZE(openai),
	 "data: {'choices':[{'delta':{'content':'a'},'finish_reason':'stop'}]}\n\n%1$s"
	 "data: {'choices':[],'usage':{%2$s}}\n\ndata: [DONE]\n\n"},
	{"anthropic", anthropic, ARRAY_SIZE(anthropic),
	 "data: "
	 "{'type':'message_start','message':{'usage':{'input_tokens':9,'output_tokens':1}}}\n\n"
	 "data: {'type':'content_block_start','index':0,'content_block':{'type':'text','text':'a'}}"
	 "\n\n%1$sdata: {'type':'message_delta','delta':{'stop_reason':'end_turn'},'usage':{%2$s}}"
	 "\n\ndata: {'type':'message_stop'}\n\n"},
	{"gemini", gemini, ARRAY_SIZE(gemini),
	 "data: {'candidates':[{'content':{'parts':[{'text':'a'}%1$s]},'finishReason':'STOP'}],"
	 "'usageMetadata':{%2$s}}\r\n\r\n"},
	{"openai_responses", responses, ARRAY_SIZE(responses),
	 "data: {'type':'response.output_text.delta','delta':'a'}\n\n%1$s"
	 "data: {'type':'response.completed','response':{'usage':{%2$s}}}\n\n"},
};

static void hear(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static int64_t cost_of(size_t table, const struct usage_row *row)
{
	const struct price price = {row->components, row->n};
	struct provider_answer answer;
	char body[2000];
	int64_t cost;
	int len;

	len = snprintf(body, sizeof body, tables[table].body, row->more ? row->more : "",
		       row->usage);
	assert_true(len > 0 && (size_t)len < sizeof body);
	for (char *p = body; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	answer_init(&answer, provider_api_find(tables[table].api), 1 << 16);
	answer.stream.on_text = answer.stream.on_reasoning = answer.stream.on_item = hear;
	(void)!answer_feed(&answer, body, (size_t)len);
	answer_end(&answer);
	assert_true(answer_finished(&answer) && answer.stream.has_usage);
	assert_true(price_usage_valid(&answer.stream.usage));
	cost = price_cost(&price, &answer.stream.usage);
	answer_done(&answer);
	return cost;
}

static void each_api_is_read_and_priced(void **state)
{
	(void)state;
	for (size_t t = 0; t < ARRAY_SIZE(tables); t++) {
		assert_true(tables[t].n >= 15);
		for (size_t i = 0; i < tables[t].n; i++) {
			const struct usage_row *row = &tables[t].rows[i];
			int64_t cost = cost_of(t, row);

			if (cost != row->cost)
				fail_msg("%s %s costs %lld, not %lld", tables[t].api, row->usage,
					 (long long)cost, (long long)row->cost);
		}
	}
}

int usage_price_tests(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_api_is_read_and_priced)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
