/* What is read in one format can be asked of another API, and an answer comes back in the next
 * request as it went out. */
#include "dialect_test.h"

#include "chat/provider/provider.h"

/* ---------------------------------------------------------------- to the provider */

static const struct upstream_row {
	const char *name;
	const struct api_dialect *dialect;
	const char *body;
	const char *api;
	const char *upstream; /* the body of the request to the provider */
} upstream_rows[] = {
	{"chat completions to Anthropic", &dialect_chat_completions,
	 "{'model':'m','max_tokens':50,'stop':'END','user':'u','messages':[{'role':'developer','"
	 "content'"
	 ":'S'},{'role':'user','name':'ann','content':[{'type':'text','text':'see','cache_control':"
	 "{"
	 "'type':'ephemeral'}},{'type':'image_url','image_url':{'url':'data:image/"
	 "png;base64,AAAA'}}]},{"
	 "'role':'assistant','content':null,'tool_calls':[{'id':'c','type':'function','function':{'"
	 "name'"
	 ":'look','arguments':'{\\'a\\':1}'}}]},{'role':'tool','tool_call_id':'c','content':'R'},{"
	 "'role':'user','content':'go'}],'tools':[{'type':'function','function':{'name':'look',"
	 "'parameters':{'type':'object'}}}],'tool_choice':'required','parallel_tool_calls':false}",
	 "anthropic",
	 "{'model':'up','max_tokens':50,'stream':true,'system':[{'type':'text','text':'S'}],'"
	 "messages':[{"
	 "'role':'user','content':[{'type':'text','text':'see','cache_control':{'type':'ephemeral'}"
	 "},{"
	 "'type':'image','source':{'type':'base64','media_type':'image/"
	 "png','data':'AAAA'}}]},{'role':"
	 "'assistant','content':[{'type':'tool_use','id':'c','name':'look','input':{'a':1}}]},{'"
	 "role':"
	 "'user','content':[{'type':'tool_result','tool_use_id':'c','content':'R'},{'type':'text','"
	 "text'"
	 ":'go'}]}],'tools':[{'name':'look','input_schema':{'type':'object'}}],'tool_choice':{'"
	 "type':"
	 "'any','disable_parallel_tool_use':true},'stop_sequences':['END']}"},
	{"messages to OpenAI", &dialect_messages,
	 "{'model':'m','max_tokens':50,'system':'S','top_k':3,'messages':[{'role':'user','content':"
	 "[{"
	 "'type':'text','text':'a','cache_control':{'type':'ephemeral'}}]},{'role':'assistant','"
	 "content'"
	 ":[{'type':'thinking','thinking':'hm','signature':'s'},{'type':'text','text':'Well'},{'"
	 "type':"
	 "'tool_use','id':'t','name':'look','input':{}}]},{'role':'user','content':[{'type':"
	 "'tool_result','tool_use_id':'t','content':[{'type':'text','text':'R'}]},{'type':'text','"
	 "text':"
	 "'go'}]}],'tools':[{'name':'look','input_schema':{'type':'object'}}],'tool_choice':{'type'"
	 ":"
	 "'tool','name':'look'}}",
	 "openai",
	 "{'model':'up','max_tokens':50,'stream':true,'stream_options':{'include_usage':true},'"
	 "messages':"
	 "[{'role':'system','content':'S'},{'role':'user','content':'a'},{'role':'assistant','"
	 "content':"
	 "'Well','tool_calls':[{'id':'t','type':'function','function':{'name':'look','arguments':'{"
	 "}'}}]"
	 "},{'role':'tool','tool_call_id':'t','content':'R'},{'role':'user','content':'go'}],'"
	 "tools':[{"
	 "'type':'function','function':{'name':'look','parameters':{'type':'object'}}}],'tool_"
	 "choice':{"
	 "'type':'function','function':{'name':'look'}}}"},
	{"messages to Anthropic", &dialect_messages,
	 "{'model':'m','max_tokens':5000,'top_k':3,'metadata':{'user_id':'u'},'thinking':{'type':"
	 "'enabled','budget_tokens':2048},'messages':[{'role':'user','content':'a'},{'role':'"
	 "assistant',"
	 "'content':[{'type':'thinking','thinking':'hm','signature':'s'},{'type':'redacted_"
	 "thinking',"
	 "'data':'x'},{'type':'text','text':'b'}]},{'role':'user','content':'c'}]}",
	 "anthropic",
	 "{'model':'up','max_tokens':5000,'stream':true,'top_k':3,'metadata':{'user_id':'u'},'"
	 "thinking':{"
	 "'type':'enabled','budget_tokens':2048},'messages':[{'role':'user','content':[{'type':'"
	 "text',"
	 "'text':'a'}]},{'role':'assistant','content':[{'type':'thinking','thinking':'hm','"
	 "signature':"
	 "'s'},{'type':'redacted_thinking','data':'x'},{'type':'text','text':'b'}]},{'role':'user',"
	 "'content':[{'type':'text','text':'c'}]}]}"},
	{"messages that let the model think to Anthropic", &dialect_messages,
	 "{'model':'m','max_tokens':5000,'thinking':{'type':'adaptive'},'output_config':{'effort':'"
	 "low'},"
	 "'messages':[{'role':'user','content':'a'}]}",
	 "anthropic",
	 "{'model':'up','max_tokens':5000,'stream':true,'thinking':{'type':'adaptive'},'output_"
	 "config':{"
	 "'effort':'low'},'messages':[{'role':'user','content':[{'type':'text','text':'a'}]}]}"},
	{"chat completions to OpenAI", &dialect_chat_completions,
	 "{'model':'m','max_tokens':50,'seed':7,'logprobs':true,'reasoning_effort':'low','messages'"
	 ":[{"
	 "'role':'user','name':'ann','content':'a'}]}",
	 "openai",
	 "{'model':'up','max_tokens':50,'stream':true,'stream_options':{'include_usage':true},'"
	 "seed':7,"
	 "'logprobs':true,'reasoning_effort':'low','messages':[{'role':'user','name':'ann','"
	 "content':'a'"
	 "}]}"},
	{"responses to OpenAI's chat completions", &dialect_responses,
	 "{'model':'m','max_output_tokens':50,'instructions':'S','max_tool_calls':3,'text':{'"
	 "format':{"
	 "'type':'json_object'}},'input':[{'role':'user','content':'a'},{'type':'function_call',"
	 "'call_id':'c','name':'look','arguments':'{}'},{'type':'function_call','call_id':'d','"
	 "name':"
	 "'look','arguments':'{}'},{'type':'function_call_output','call_id':'c','output':'R'},{'"
	 "type':"
	 "'function_call_output','call_id':'d','output':'Q'}]}",
	 "openai",
	 "{'model':'up','max_tokens':50,'stream':true,'stream_options':{'include_usage':true},"
	 "'response_format':{'type':'json_object'},'messages':[{'role':'system','content':'S'},{'"
	 "role':"
	 "'user','content':'a'},{'role':'assistant','content':null,'tool_calls':[{'id':'c','type':"
	 "'function','function':{'name':'look','arguments':'{}'}},{'id':'d','type':'function','"
	 "function'"
	 ":{'name':'look','arguments':'{}'}}]},{'role':'tool','tool_call_id':'c','content':'R'},{'"
	 "role':"
	 "'tool','tool_call_id':'d','content':'Q'}]}"},
};

static void check_upstream(const struct upstream_row *row)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 22);
	struct provider_key key = {.secret = "secret"};
	struct provider provider = {.name = "p",
				    .base_url = "http://p.example/v1",
				    .query = "",
				    .api = provider_api_find(row->api),
				    .keys = &key,
				    .n_keys = 1};
	struct provider_route route = {.provider = &provider, .upstream = "up"};
	const struct provider_pick pick = {.route = &route, .key = &key};
	_cleanup_(buf_done) struct buf body;
	json_t *expected, *got;
	struct http_request http;
	struct api_request request;
	struct error err;

	buf_init(&body, 1 << 20);
	read_good(row->dialect, quoted(arena, row->body), arena, &request);
	assert_int_equal(
		provider.api->request(&pick, &request.prompt, 0, arena, &body, &http, &err), OK);
	expected = json_loads(quoted(arena, row->upstream), JSON_REJECT_DUPLICATES, NULL);
	got = json_loadb(http.body, http.body_len, JSON_REJECT_DUPLICATES, NULL);
	if (!expected || !json_equal(expected, got))
		fail_msg("%s\n  is %.*s\nnot %s", row->name, (int)http.body_len,
			 (const char *)http.body, quoted(arena, row->upstream));
	json_decref(expected);
	json_decref(got);
}

static void test_translations_to_providers(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(upstream_rows); i++)
		check_upstream(&upstream_rows[i]);
}

/* ---------------------------------------------------------------- to the caller and back */

#define ANSWER                                                                                     \
	"Rhm\nI{'type':'reasoning','api':'anthropic','data':{'type':'thinking','thinking':'hm','s" \
	"ignature':'c2ln'}}\nI{'type':'reasoning','api':'gemini','data':{'on':'text'}}\nI{'type':" \
	"'"                                                                                        \
	"reasoning','api':'openai_responses','data':{'type':'reasoning','id':'rs_9','summary':[]," \
	"'"                                                                                        \
	"encrypted_content':'gA'}}\nI{'type':'reasoning','api':'openai','data':[{'type':'"         \
	"reasoning."                                                                               \
	"text','text':'t','index':0}]}\nTWell\nI{'type':'tool_call','index':0,'id':'c','name':'"   \
	"loo"                                                                                      \
	"k'}\nI{'type':'tool_arguments','index':0,'delta':'{\\'a\\':1}'}\nD5"

/* Where the answer's messages are in the whole, and the request that has them. */
static const struct trip_row {
	const struct api_dialect *dialect;
	const char *least;
	const char *before, *member, *after;
	/* Kinds of the parts that come back: t text, c call, and the first letter and the last one of
	 * an API's name for its block. */
	const char *parts;
} trip_rows[] = {
	{&dialect_chat_completions, "{'model':'m','messages':[{'role':'user','content':'Hi'}]}",
	 "{'model':'m','messages':[", "message", "]}", "ac gi os oi t c"},
	{&dialect_messages,
	 "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hi'}]}",
	 "{'model':'m','max_tokens':9,'messages':[{'role':'assistant','content':", "content", "}]}",
	 "ac gi os oi t c"},
	{&dialect_responses, "{'model':'m','input':'Hi','include':['reasoning.encrypted_content']}",
	 "{'model':'m','input':", "output", "}", "ac gi os oi t c"},
};

static json_t *member_of(json_t *whole, const char *member)
{
	json_t *choices = json_object_get(whole, "choices");

	return json_object_get(choices ? json_array_get(choices, 0) : whole, member);
}

static void check_parts(const struct trip_row *row, const struct prompt *prompt)
{
	const struct prompt_message *message = &prompt->messages[prompt->n_messages - 1];
	_cleanup_(buf_done) struct buf parts;

	buf_init(&parts, 4096);
	for (size_t i = 0; i < message->n_parts; i++) {
		const struct prompt_part *part = &message->parts[i];

		if (parts.len > 0)
			buf_addc(&parts, ' ');
		if (part->kind == PROMPT_REASONING)
			buf_addf(&parts, "%c%c", part->api[0], part->api[strlen(part->api) - 1]);
		else
			buf_addc(&parts, part->kind == PROMPT_TEXT ? 't' : 'c');
		if (part->kind == PROMPT_TEXT)
			assert_string_equal(part->text, "Well");
		if (part->kind == PROMPT_TOOL_CALL)
			assert_string_equal(part->arguments, "{\"a\":1}");
		if (part->kind == PROMPT_REASONING && strcmp(part->api, "openai_responses") == 0)
			assert_non_null(strstr(part->data, "rs_9"));
		if (part->kind == PROMPT_REASONING && strcmp(part->api, "anthropic") == 0)
			assert_string_equal(part->data,
					    "{\"type\":\"thinking\",\"thinking\":\"hm\","
					    "\"signature\":\"c2ln\"}");
	}
	assert_string_equal(message->role, "assistant");
	if (strcmp(buf_text(&parts), row->parts) != 0)
		fail_msg("%s: %s, not %s", row->dialect->name, buf_text(&parts), row->parts);
}

static void check_trip(const struct trip_row *row)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 22);
	_cleanup_(buf_done) struct buf whole, next;
	struct api_request request;
	json_t *json;
	char *member;

	buf_init(&whole, 1 << 20);
	buf_init(&next, 1 << 20);
	read_good(row->dialect, quoted(arena, row->least), arena, &request);
	write_script(row->dialect, &request, quoted(arena, ANSWER), arena, &whole);
	json = json_loads(buf_text(&whole), JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	member = json_dumps(member_of(json, row->member), JSON_COMPACT);
	buf_addf(&next, "%s%s%s", quoted(arena, row->before), member, quoted(arena, row->after));
	free(member);
	json_decref(json);
	read_good(row->dialect, buf_text(&next), arena, &request);
	check_parts(row, &request.prompt);
}

static void test_answers_come_back_as_they_went(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(trip_rows); i++)
		check_trip(&trip_rows[i]);
}

int round_trip_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_translations_to_providers),
		cmocka_unit_test(test_answers_come_back_as_they_went),
	};

	return cmocka_run_group_tests_name("round_trip", tests, NULL, NULL);
}
