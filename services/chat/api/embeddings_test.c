/* OpenAI's embeddings: requests, answers of providers, and both through real processes. */
#include "chat/api/embeddings.h"

#include "caller_test.h"
#include "chat/provider/answer.h"
#include "chat/provider/embeddings.h"
#include "dialect_test.h"
#include "runtime/base/text.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#define WITH(members) "{'model':'m'," members "}"
#define INPUT(input) WITH("'input':" input)

/* ---------------------------------------------------------------- requests */

static const struct read_row good[] = {
	{"a text", INPUT("'Hi'"), "m 1 texts as float 'Hi'"},
	{"texts", INPUT("['a','b']"), "m 2 texts as float ['a','b']"},
	{"tokens", INPUT("[1,2,3]"), "m 1 lists of 3 as float [1,2,3]"},
	{"lists of tokens", INPUT("[[1,2],[3]]"), "m 2 lists of 3 as float [[1,2],[3]]"},
	{"numbers", WITH("'input':'Hi','encoding_format':'float'"), "m 1 texts as float 'Hi'"},
	{"base64", WITH("'input':'Hi','encoding_format':'base64'"), "m 1 texts as base64 'Hi'"},
	{"members that are null",
	 WITH("'input':'Hi','encoding_format':null,'dimensions':null,'user':null"),
	 "m 1 texts as float 'Hi'"},
	{"dimensions", WITH("'input':'Hi','dimensions':8"), "m 1 texts in 8 as float 'Hi'"},
	{"what goes on", WITH("'input':'Hi','user':'u','input_type':'query'"),
	 "m 1 texts as float 'Hi' openai{'user':'u','input_type':'query'}"},
};

static const struct read_row bad[] = {
	{"no model", "{'input':'Hi'}", "field_required model"},
	{"no input", "{'model':'m'}", "field_required input"},
	{"an empty text", INPUT("''"), "field_invalid input"},
	{"no texts", INPUT("[]"), "field_invalid input"},
	{"an empty text among others", INPUT("['a','']"), "field_invalid input[1]"},
	{"null among others", INPUT("['a',null]"), "field_invalid input[1]"},
	{"an object", INPUT("{}"), "field_invalid input"},
	{"a number", INPUT("1"), "field_invalid input"},
	{"no tokens", INPUT("[[]]"), "field_invalid input[0]"},
	{"a token below 0", INPUT("[1,-2]"), "field_invalid input[1]"},
	{"a token that is none", INPUT("[[1,'a']]"), "field_invalid input[0][1]"},
	{"texts among tokens", INPUT("[[1],'a']"), "field_invalid input[1]"},
	{"tokens among texts", INPUT("['a',[1]]"), "field_invalid input[1]"},
	{"a format", WITH("'input':'a','encoding_format':'int8'"), "field_invalid encoding_format"},
	{"no dimensions", WITH("'input':'a','dimensions':0"), "field_invalid dimensions"},
	{"a stream", WITH("'input':'a','stream':true"), "parameter_unsupported stream"},
	{"a tier", WITH("'input':'a','service_tier':'flex'"), "parameter_unsupported service_tier"},
	{"a NUL", INPUT("'a\\u0000'"), "text_invalid input"},
};

static void test_embeddings_requests(void **state)
{
	(void)state;
	check_read(&dialect_embeddings, good, ARRAY_SIZE(good));
	check_read(&dialect_embeddings, bad, ARRAY_SIZE(bad));
}

static char *many(struct arena *arena, const char *model, int n, const char *element,
		  const char *more)
{
	_cleanup_(buf_done) struct buf body;

	buf_init(&body, 1 << 20);
	buf_addf(&body, "{\"model\":\"%s\"%s,\"input\":[", model, more);
	for (int i = 0; i < n; i++)
		buf_addf(&body, "%s%s", i > 0 ? "," : "", element);
	buf_adds(&body, "]}");
	return arena_strdup(arena, buf_text(&body));
}

static void test_embeddings_have_2048_inputs(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 8 << 20);
	struct api_request request;
	struct error err = {0};
	const char *body = many(arena, "m", 2049, "\"a\"", "");

	(void)state;
	read_good(&dialect_embeddings, many(arena, "m", 2048, "\"a\"", ""), arena, &request);
	assert_int_equal(request.prompt.embedding.n, 2048);
	assert_int_equal(embeddings_read(&(struct api_body){&test_limits, body, strlen(body)},
					 arena, &request, &err),
			 INVALID_ARGUMENT);
	assert_string_equal(err.field, "input");
}

/* ---------------------------------------------------------------- answers */

#define LEAST "'model':'m','input':['a','b']"
#define VECTORS_OF(list) "I{'type':'embeddings','data':[" list "]}\nU5/0/0/0/0\nD1"
#define LIST(a, b)                                                                \
	"{'object':'list','data':[{'object':'embedding','index':0,'embedding':" a \
	"},{'object':'embedding','index':1,'embedding':" b                        \
	"}],'model':'the-model','usage':{'prompt_tokens':5,'total_tokens':5}}"

static const struct write_row written[] = {
	{"numbers", "", VECTORS_OF("'zczMPQ==','AACAPw=='"), LIST("[0.100000001]", "[1]")},
	{"base64", "'encoding_format':'base64'", VECTORS_OF("'zczMPQ==','AACAPw=='"),
	 LIST("'zczMPQ=='", "'AACAPw=='")},
	{"an answer that begins anew", "", "X\n" VECTORS_OF("'AACAPw==','AAAAQA=='"),
	 LIST("[1]", "[2]")},
	{"several items", "",
	 "I{'type':'embeddings','data':['AACAPw==']}\n" VECTORS_OF("'AAAAQA=='"),
	 LIST("[1]", "[2]")},
	{"a failure", "", "F", "FAILED"},
};

static void test_embeddings_answers(void **state)
{
	(void)state;
	check_write(&dialect_embeddings, LEAST, written, ARRAY_SIZE(written));
}

/* Numbers are read back as they were, whatever they are. */
static void test_embeddings_numbers_are_exact(void **state)
{
	unsigned first = (unsigned)time(NULL), seed = first;
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 64 << 20);
	const struct api_request request = {.model = "m", .floats = true};
	float values[4000];
	_cleanup_(buf_done) struct buf out;
	const char *p;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t bits = (uint32_t)rand_r(&seed) << 1 ^ (uint32_t)rand_r(&seed);

		memcpy(&values[i], &bits, sizeof bits);
		if (!isfinite(values[i]) || i % 4 > 0) /* mostly those of vectors */
			values[i] =
				(float)((double)bits / UINT32_MAX * 2 - 1) / (i % 4 == 1 ? 100 : 1);
	}
	memcpy(values, (float[]){0, 1, -1, 0.1F, 1e-6F, 0.99999994F, 0.5F, FLT_MIN}, 8 * 4);
	buf_init(&out, 1 << 20);
	write_script(&dialect_embeddings, &request,
		     arena_printf(arena, "I{\"type\":\"embeddings\",\"data\":[\"%s\"]}\nD1",
				  base64_encode(arena, values, sizeof values)),
		     arena, &out);
	p = strstr(buf_text(&out), "\"embedding\":[") + strlen("\"embedding\":[");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		char *end;

		if (strtof(p, &end) != values[i])
			fail_msg("seed %u: %.9g became %.20s", first, (double)values[i], p);
		p = end + 1;
	}
	assert_int_equal(p[-1], ']');
}

/* ---------------------------------------------------------------- answers of providers */

#define DATA(list, usage) "{'object':'list','data':[" list "]" usage "}"
#define V(index, value) "{'object':'embedding','index':" index ",'embedding':" value "}"
#define ITEM(list) "{'type':'embeddings','data':[" list "]}"

static const struct {
	const char *name, *answer;
	int32_t dimensions;
	const char *item; /* or the reason of the fault */
	int64_t input;    /* of the usage; -1: none */
} taken[] = {
	{"base64",
	 DATA(V("0", "'zczMPQ=='") "," V("1", "'AACAPw=='"),
	      ",'usage':{'prompt_tokens':5,'total_tokens':5}"),
	 0, ITEM("'zczMPQ==','AACAPw=='"), 5},
	{"numbers", DATA(V("0", "[0.1]") ", " V("1", "[ 1e0 ]"), ",'usage':{'total_tokens':7}"), 0,
	 ITEM("'zczMPQ==','AACAPw=='"), 7},
	{"out of order", DATA(V("1", "[1]") "," V("0", "[0.1]"), ""), 0,
	 ITEM("'zczMPQ==','AACAPw=='"), -1},
	{"no index", DATA("{'embedding':[0.1]},{'embedding':[1]}", ""), 0,
	 ITEM("'zczMPQ==','AACAPw=='"), -1},
	{"an escaped slash", DATA(V("0", "'AACA\\/w=='") "," V("1", "[1]"), ""), 0,
	 "provider_broken", -1}, /* it is an infinity */
	{"as many as asked", DATA(V("0", "[1,2]") "," V("1", "[1,2]"), ""), 2,
	 ITEM("'AACAPwAAAEA=','AACAPwAAAEA='"), -1},
	{"more than asked", DATA(V("0", "[1,2]") "," V("1", "[1,2]"), ""), 1, "parameter_refused",
	 -1},
	{"one is missing", DATA(V("0", "[1]"), ""), 0, "provider_broken", -1},
	{"one too many", DATA(V("0", "[1]") "," V("1", "[1]") "," V("2", "[1]"), ""), 0,
	 "provider_broken", -1},
	{"one twice", DATA(V("0", "[1]") "," V("0", "[1]"), ""), 0, "provider_broken", -1},
	{"lengths that differ", DATA(V("0", "[1]") "," V("1", "[1,2]"), ""), 0, "provider_broken",
	 -1},
	{"an empty vector", DATA(V("0", "[]") "," V("1", "[]"), ""), 0, "provider_broken", -1},
	{"no numbers", DATA(V("0", "['a']") "," V("1", "['b']"), ""), 0, "provider_broken", -1},
	{"longer than the model's", DATA(V("0", "[1,2,3,4]") "," V("1", "[1,2,3,4]"), ""), 0,
	 "provider_broken", -1},
	{"NaN", DATA(V("0", "[NaN]") "," V("1", "[1]"), ""), 0, "provider_broken", -1},
	{"half a number", DATA(V("0", "'AACA'") "," V("1", "[1]"), ""), 0, "provider_broken", -1},
	{"an error", "{'error':{'message':'overloaded','code':503}}", 0, "provider_unavailable",
	 -1},
};

static void keep_item(void *ctx, const char *json, size_t len)
{
	buf_add(ctx, json, len);
}

static void ignore(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
}

static void test_embeddings_of_providers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(taken); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
		const char *body = quoted(arena, taken[i].answer);
		_cleanup_(buf_done) struct buf item;
		struct provider_answer answer;
		const char *seen;

		buf_init(&item, 1 << 20);
		answer_init(&answer, &provider_openai, 16 << 20);
		answer.stream.on_text = answer.stream.on_reasoning = ignore;
		answer.stream.on_item = keep_item;
		answer.stream.ctx = &item;
		answer.stream.embedding = (struct prompt_embedding){
			.input = "[]",
			.n = 2,
			.some = 2,
			.dimensions = taken[i].dimensions,
			.dimensions_max = 3,
		};
		for (const char *p = body; *p; p++)
			answer_feed(&answer, p, 1);
		answer_end(&answer);
		seen = answer.failed ? answer.fault.err.reason : buf_text(&item);
		if (strcmp(seen, quoted(arena, taken[i].item)) != 0)
			fail_msg("%s: %s, not %s", taken[i].name, seen, taken[i].item);
		assert_int_equal(answer_ending(&answer, TRANSPORT_CLOSED).done, !answer.failed);
		assert_int_equal(answer.stream.has_usage ? answer.stream.usage.input : -1,
				 taken[i].input);
		answer_done(&answer);
	}
}

/* ---------------------------------------------------------------- through processes */

/* We count more of its tokens than the stand-in, so that its count is within the hold. */
#define NUMBERS "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18"
#define TOKEN (CREDIT / 10)

static const struct manner embed = {.format = EMBEDDINGS};

static json_t *answer_of(struct stage *stage, const struct manner *manner, const char *body)
{
	_cleanup_(caller_freep) struct caller *caller =
		caller_call(stage, manner, quoted(stage->arena, body));
	json_t *root;

	caller_wait_end(caller);
	if (caller->status != OK)
		fail_msg("%s: %s %s", body, caller->err.reason, caller->err.message);
	assert_string_equal(caller->content_type, "application/json");
	root = json_loadb(buf_text(&caller->body), caller->body.len, 0, NULL);
	assert_non_null(root);
	return root;
}

static json_t *vector_of(json_t *root, size_t i)
{
	return json_object_get(json_array_get(json_object_get(root, "data"), i), "embedding");
}

static int64_t tokens_of(json_t *root)
{
	json_t *usage = json_object_get(root, "usage");

	assert_int_equal(json_integer_value(json_object_get(usage, "total_tokens")),
			 json_integer_value(json_object_get(usage, "prompt_tokens")));
	return json_integer_value(json_object_get(usage, "prompt_tokens"));
}

static double length_of(json_t *vector)
{
	json_t *number;
	double sum = 0;
	size_t i;

	json_array_foreach(vector, i, number) sum += pow(json_number_value(number), 2);
	return sqrt(sum);
}

/* Numbers and base64 are the same; a server that sends numbers makes no difference. */
static void embeddings_come_in_both_forms(void **state)
{
	struct stage *stage = *state;
	json_t *floats =
		answer_of(stage, &embed, "{'model':'vectors','input':['" NUMBERS "','x']}");
	json_t *packed =
		answer_of(stage, &embed,
			  "{'model':'vectors','input':['" NUMBERS "','x'],'encoding_format':"
			  "'base64'}");
	json_t *numbers =
		answer_of(stage, &embed,
			  "{'model':'vectors','input':'" NUMBERS " [[numbers]]','encoding_format':"
			  "'base64'}");
	size_t len = 0;
	const float *bytes;

	assert_string_equal(json_string_value(json_object_get(floats, "model")), "vectors");
	assert_int_equal(json_array_size(vector_of(floats, 1)), 64);
	assert_true(fabs(length_of(vector_of(floats, 0)) - 1) < 1e-6);
	bytes = (const float *)base64_decode(stage->arena, json_string_value(vector_of(packed, 1)),
					     json_string_length(vector_of(packed, 1)), &len);
	assert_int_equal(len, 64 * sizeof(float));
	for (size_t i = 0; i < 64; i++)
		assert_true((float)json_number_value(json_array_get(vector_of(floats, 1), i)) ==
			    bytes[i]);
	assert_int_equal(json_string_length(vector_of(numbers, 0)), 344);
	stage_expect_balance(
		stage, GIFT - (tokens_of(floats) + tokens_of(packed) + tokens_of(numbers)) * TOKEN);
	assert_string_equal(
		pg_value(arena_printf(stage->arena,
				      "SELECT count(*) || ' ' || sum(completion_tokens) || ' ' || "
				      "min(source) FROM chat.usage WHERE user_id = '%s'",
				      stage->user)),
		"3 0 PROVIDER");
	json_decref(floats);
	json_decref(packed);
	json_decref(numbers);
}

/* Tokens go on as they are, and without a usage of the provider's each costs a token. */
static void embeddings_of_tokens(void **state)
{
	struct stage *stage = *state;
	json_t *root = answer_of(stage, &embed,
				 "{'model':'vectors','input':[[1,2],[3,4,5]],'dimensions':8}");

	assert_int_equal(json_array_size(vector_of(root, 1)), 8);
	json_decref(root);
	assert_int_equal(stage_requests("3,4,5"), 1);
	uuid_v7(stage->user);
	root = answer_of(stage, &embed, "{'model':'vectors','input':['a','b [[fault:no_usage]]']}");
	stage_expect_balance(stage, GIFT - tokens_of(root) * TOKEN);
	assert_string_equal(
		pg_value(arena_printf(stage->arena,
				      "SELECT source FROM chat.usage WHERE user_id = '%s'",
				      stage->user)),
		"COUNTED");
	json_decref(root);
}

static void a_repeat_of_embeddings_is_free(void **state)
{
	static const struct manner again = {.format = EMBEDDINGS, .retry_count = "1"};
	struct stage *stage = *state;
	const char *body = "{'model':'vectors','input':'the repeated " NUMBERS "'}";
	json_t *first = answer_of(stage, &embed, body), *second;

	stage->replica = CHAT_B;
	second = answer_of(stage, &again, body);
	assert_true(json_equal(first, second));
	assert_int_equal(stage_requests("the repeated " NUMBERS), 1);
	assert_int_equal(calls_in(stage, ""), 1);
	stage_expect_balance(stage, GIFT - tokens_of(first) * TOKEN);
	json_decref(first);
	json_decref(second);
}

static void expect_refused(struct stage *stage, const struct manner *manner, const char *body,
			   enum status status, const char *reason, const char *field)
{
	_cleanup_(caller_freep) struct caller *caller =
		caller_call(stage, manner, quoted(stage->arena, body));

	caller_expect_refused(caller, status, reason);
	assert_string_equal(caller->err.field, field);
}

/* chat.yaml of the tests has api.vectors_bytes_max: 4MiB. */
#define TOO_MANY many(stage->arena, "vectors", 300, "\"a\"", "")

static void embeddings_that_are_refused(void **state)
{
	struct stage *stage = *state;

	expect_refused(stage, &embed, "{'model':'plain','input':'a'}", INVALID_ARGUMENT,
		       "field_invalid", "model");
	expect_refused(stage, NULL,
		       "{'model':'vectors','messages':[{'role':'user','content':'a'}]}",
		       INVALID_ARGUMENT, "field_invalid", "model");
	expect_refused(stage, &embed, "{'model':'vectors','input':'a','dimensions':3073}",
		       INVALID_ARGUMENT, "field_invalid", "dimensions");
	expect_refused(stage, &embed, TOO_MANY, INVALID_ARGUMENT, "field_invalid", "input");
	expect_refused(stage, &embed, "{'model':'vectors','input':'a [[fault:400]]'}",
		       FAILED_PRECONDITION, "provider_refused", "");
	stage_expect_balance(stage, GIFT);
}

/* Inputs that differ: "words 0", "words 1", … */
static char *numbered(struct stage *stage, const char *words, int n, const char *more)
{
	_cleanup_(buf_done) struct buf body;

	buf_init(&body, 8 << 20);
	buf_adds(&body, "{'model':'vectors','encoding_format':'base64','input':[");
	for (int i = 0; i < n; i++)
		buf_addf(&body, "%s'%s %d'", i > 0 ? "," : "", words, i);
	buf_addf(&body, "]%s}", more);
	return arena_strdup(stage->arena, buf_text(&body));
}

/* More vectors than one answer of the provider has room for: several requests, in the order of the
 * inputs, and one charge. It is the same when it comes from its rows. */
static void many_vectors_take_several_requests(void **state)
{
	static const struct manner again = {.format = EMBEDDINGS, .retry_count = "1"};
	struct stage *stage = *state;
	const char *body = numbered(stage, "many " NUMBERS, 18, ",'dimensions':3072");
	json_t *first = answer_of(stage, &embed, body), *second, *alone;

	assert_int_equal(json_array_size(json_object_get(first, "data")), 18);
	assert_int_equal(json_string_length(vector_of(first, 17)), 16384);
	stage->replica = CHAT_B;
	second = answer_of(stage, &again, body);
	assert_true(json_equal(first, second));
	assert_int_equal(stage_requests("many "), 2); /* of 16 inputs, at 20 bytes a number */
	assert_int_equal(calls_in(stage, ""), 1);
	stage_expect_balance(stage, GIFT - tokens_of(first) * TOKEN);
	alone = answer_of(stage, &embed,
			  "{'model':'vectors','dimensions':3072,'encoding_format':'base64',"
			  "'input':'many " NUMBERS " 16'}");
	assert_true(json_equal(vector_of(first, 16), vector_of(alone, 0)));
	json_decref(first);
	json_decref(second);
	json_decref(alone);
}

#define SIXTEEN(word) "'" word "'" OF(word) OF(word) OF(word) OF(word) OF(word)
#define OF(word) ",'" word "','" word "','" word "'"

/* A later request is tried again alone. When it cannot be done nothing is charged or kept. */
static void some_vectors_are_of_no_use(void **state)
{
	struct stage *stage = *state;
	json_t *root = answer_of(stage, &embed,
				 "{'model':'vectors','dimensions':3072,'input':[" SIXTEEN(
					 "once7") ",'retried7 [[fault:503 times=1]]']}");

	assert_int_equal(json_array_size(json_object_get(root, "data")), 17);
	assert_int_equal(stage_requests("once7"), 1);
	assert_int_equal(stage_requests("retried7"), 2);
	json_decref(root);
	uuid_v7(stage->user);
	expect_refused(stage, &embed,
		       "{'model':'vectors','dimensions':3072,'input':[" SIXTEEN(
			       "lost7") ",'a [[fault:400]]']}",
		       FAILED_PRECONDITION, "provider_refused", "");
	assert_int_equal(stage_requests("lost7"), 1);
	stage_expect_balance(stage, GIFT);
	assert_string_equal(pg_value(arena_printf(stage->arena,
						  "SELECT count(*) FROM chat.api_call_item "
						  "WHERE user_id = '%s'",
						  stage->user)),
			    "0");
}

static void no_chat_has_a_model_of_embeddings(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateChatRequest req = CHAT__V1__CREATE_CHAT_REQUEST__INIT;
	Chat__V1__ListModelsRequest list = CHAT__V1__LIST_MODELS_REQUEST__INIT;
	Chat__V1__ListModelsResponse *models;
	Chat__V1__Chat *chat;

	req.model = VECTORS;
	stage_fails(stage, chat_v1_create_chat, &req, &chat, INVALID_ARGUMENT, "field_invalid");
	stage_ok(stage, chat_v1_list_models, &list, &models);
	for (size_t i = 0; i < models->n_models; i++)
		assert_string_not_equal(models->models[i]->id, VECTORS);
}

int embeddings_tests(void)
{
	const struct CMUnitTest units[] = {
		cmocka_unit_test(test_embeddings_requests),
		cmocka_unit_test(test_embeddings_have_2048_inputs),
		cmocka_unit_test(test_embeddings_answers),
		cmocka_unit_test(test_embeddings_numbers_are_exact),
		cmocka_unit_test(test_embeddings_of_providers),
	};
	const struct CMUnitTest tests[] = {
		TEST(embeddings_come_in_both_forms),     TEST(embeddings_of_tokens),
		TEST(a_repeat_of_embeddings_is_free),    TEST(embeddings_that_are_refused),
		TEST(no_chat_has_a_model_of_embeddings), TEST(many_vectors_take_several_requests),
		TEST(some_vectors_are_of_no_use),
	};

	return cmocka_run_group_tests_name("embeddings", units, NULL, NULL) +
	       cmocka_run_group_tests_name("embeddings through processes", tests,
					   stage_group_set_up, NULL);
}
