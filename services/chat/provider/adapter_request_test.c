/* Requests of Gemini and of OpenAI's Responses, each as a whole. A ' stands for a ". */
#include "../chat_test.h"
#include "chat/provider/anthropic.h"
#include "chat/provider/gemini.h"
#include "chat/provider/responses.h"
#include "request_rows_test.h"

#include <jansson.h>

#define G_HI "'contents':[{'role':'user','parts':[{'text':'Hi'}]}]"
#define R_HI                                                                                     \
	"'input':[{'type':'message','role':'user','content':[{'type':'input_text','text':'Hi'}]" \
	"}]"
#define R_HEAD "'stream':true,'store':false,"

static const struct prompt_tool tools[] = {
	{.name = "look", .description = "Looks.", .schema = SCHEMA, .strict = true},
	{.name = "wait"},
};
static const char *const stops[] = {"END", "\n\n"};

static const struct request_row rows[] = {
	/* -------------------------------------------------------- Gemini */
	{&provider_gemini,
	 "a question",
	 "gemini-2.0-flash",
	 {MESSAGES({.role = "system", .text = "Be kind."}, HI), .max_output_tokens = 100,
	  .has_temperature = true, .temperature = 0.5, .has_top_p = true, .top_p = 0.25},
	 0,
	 "http://p.example/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse",
	 "{'systemInstruction':{'parts':[{'text':'Be kind.'}]}," G_HI ",'generationConfig':{"
	 "'maxOutputTokens':100,'temperature':0.5,'topP':0.25}}"},
	{&provider_gemini,
	 "without what the model refuses",
	 "models/gemini-2.0-flash",
	 {MESSAGES(HI), .max_output_tokens = 100, .has_temperature = true, .has_top_p = true},
	 0xff,
	 "http://p.example/v1beta/models/gemini-2.0-flash:streamGenerateContent?alt=sse",
	 "{" G_HI ",'generationConfig':{}}"},
	{&provider_gemini,
	 "an odd name of a model",
	 "gem ini?",
	 {MESSAGES(HI)},
	 0,
	 "http://p.example/v1beta/models/gem%20ini%3F:streamGenerateContent?alt=sse",
	 "{" G_HI ",'generationConfig':{}}"},
	{&provider_gemini,
	 "neighbours are merged, and the user is first",
	 "gemini-2.0-flash",
	 {MESSAGES({.role = "system", .text = "One."}, {.role = "assistant", .text = "Yes?"},
		   {.role = "user", .text = "a"}, {.role = "user", .text = "b"},
		   {.role = "assistant", .text = ""}, {.role = "system", .text = "Two."},
		   {.role = "user", .text = "c"})},
	 0,
	 NULL,
	 "{'systemInstruction':{'parts':[{'text':'One.\\n\\nTwo.'}]},'contents':[{'role':'user',"
	 "'parts':[{'text':'…'}]},{'role':'model','parts':[{'text':'Yes?'}]},{'role':'user',"
	 "'parts':[{'text':'a'},{'text':'b'},{'text':'c'}]}],'generationConfig':{}}"},
	{&provider_gemini,
	 "instructions alone",
	 "gemini-2.0-flash",
	 {MESSAGES({.role = "system", .text = "Hi"})},
	 0,
	 NULL,
	 "{" G_HI ",'generationConfig':{}}"},
	{&provider_gemini,
	 "images",
	 "gemini-2.0-flash",
	 {MESSAGES(PARTS("user", IMAGE("data:image/png;base64,AAAA", NULL),
			 IMAGE("https://a.example/b.webp?c", "high"), TEXT("Hi")))},
	 0,
	 NULL,
	 "{'contents':[{'role':'user','parts':[{'inlineData':{'mimeType':'image/png','data':'AAAA'"
	 "}},{'fileData':{'mimeType':'image/webp','fileUri':'https://a.example/b.webp?c'}},{"
	 "'text':'Hi'}]}],'generationConfig':{}}"},
	{&provider_gemini,
	 "tools",
	 "gemini-2.5-pro",
	 {MESSAGES(HI), .tools = tools, .n_tools = 2, .tool_choice = TOOLS_ONE,
	  .tool_choice_name = "look", .effort = "low"},
	 0,
	 NULL,
	 "{" G_HI ",'tools':[{'functionDeclarations':[{'name':'look','description':'Looks.',"
	 "'parametersJsonSchema':" SCHEMA "},{'name':'wait'}]}],'toolConfig':{"
	 "'functionCallingConfig':{'mode':'ANY','allowedFunctionNames':['look']}},"
	 "'generationConfig':{'thinkingConfig':{'includeThoughts':true,'thinkingBudget':1024}}}"},
	{&provider_gemini,
	 "results of tools: objects, texts and errors; signatures stay",
	 "gemini-3-pro",
	 {MESSAGES(HI,
		   PARTS("assistant",
			 BLOCK("gemini", "{'on':'f1','thoughtSignature':'Ev=='}", NULL),
			 BLOCK("anthropic", "{'on':'f2','thoughtSignature':'no'}", NULL),
			 TEXT("See."), CALL("f1", "look", "{'at':'x'}"),
			 CALL("call_own_1", "wait", "nonsense")),
		   PARTS("user", RESULT("f1", "{'seen':1}"), RESULT("call_own_1", "3")),
		   PARTS("assistant", CALL("f3", "look", NULL)),
		   PARTS("user", {.kind = PROMPT_TOOL_RESULT,
				  .tool_id = "f3",
				  .text = "{'no':1}",
				  .is_error = true}))},
	 0,
	 NULL,
	 "{'contents':[{'role':'user','parts':[{'text':'Hi'}]},{'role':'model','parts':[{'text':"
	 "'See.'},{'functionCall':{'name':'look','args':{'at':'x'},'id':'f1'},'thoughtSignature':"
	 "'Ev=='},{'functionCall':{'name':'wait','args':{}}}]},{'role':'user','parts':[{"
	 "'functionResponse':{'name':'look','response':{'seen':1},'id':'f1'}},{'functionResponse':"
	 "{'name':'wait','response':{'result':'3'}}}]},{'role':'model','parts':[{'functionCall':{"
	 "'name':'look','args':{},'id':'f3'},'thoughtSignature':"
	 "'skip_thought_signature_validator'}]},{'role':'user','parts':[{'functionResponse':{"
	 "'name':'look','response':{'error':'{\\'no\\':1}'},'id':'f3'}}]}],'generationConfig':{"
	 "'thinkingConfig':{'includeThoughts':true}}}"},
	{&provider_gemini,
	 "signatures of a thought and of a text",
	 "gemini-2.5-flash",
	 {MESSAGES(HI,
		   PARTS("assistant",
			 BLOCK("gemini", "{'on':'thought','thoughtSignature':'Th'}", "hm"),
			 BLOCK("gemini", "{'on':'text','thoughtSignature':'Te'}", NULL), TEXT("a"),
			 TEXT("b")),
		   PARTS("user", TEXT("c")))},
	 0,
	 NULL,
	 "{'contents':[{'role':'user','parts':[{'text':'Hi'}]},{'role':'model','parts':[{'text':"
	 "'hm','thought':true,'thoughtSignature':'Th'},{'text':'a'},{'text':'b',"
	 "'thoughtSignature':'Te'}]},{'role':'user','parts':[{'text':'c'}]}],'generationConfig':{"
	 "'thinkingConfig':{'includeThoughts':true}}}"},
	{&provider_gemini,
	 "formats, ends, thoughts, log probabilities",
	 "gemini-3-flash",
	 {MESSAGES(HI), .format = FORMAT_SCHEMA, .schema = SCHEMA, .stop = stops, .n_stop = 2,
	  .effort = "high", .wants_logprobs = true, .top_logprobs = 3},
	 0,
	 NULL,
	 "{" G_HI ",'generationConfig':{'stopSequences':['END','\\n\\n'],'responseMimeType':"
	 "'application/json','responseJsonSchema':" SCHEMA ",'responseLogprobs':true,'logprobs':3"
	 ",'thinkingConfig':{'includeThoughts':true,'thinkingLevel':'high'}}}"},
	{&provider_gemini,
	 "more parameters of this API",
	 "gemini-2.0-flash",
	 {MESSAGES(HI), .max_output_tokens = 9, .format = FORMAT_JSON, .extra_api = "gemini",
	  .extra = "{'safetySettings':[],'generationConfig':{'seed':7,'maxOutputTokens':99}}"},
	 0,
	 NULL,
	 "{" G_HI ",'safetySettings':[],'generationConfig':{'seed':7,'maxOutputTokens':9,"
	 "'responseMimeType':'application/json'}}"},
	{&provider_gemini,
	 "parameters of another API",
	 "gemini-2.5-flash-image",
	 {MESSAGES(HI), .extra_api = "openai", .extra = "{'seed':7}"},
	 0,
	 NULL,
	 "{" G_HI ",'generationConfig':{}}"},

	/* -------------------------------------------------------- Responses */
	{&provider_responses,
	 "a question",
	 "gpt-4.1",
	 {MESSAGES({.role = "system", .text = "Be kind."}, HI), .max_output_tokens = 100,
	  .has_temperature = true, .temperature = 0.5, .has_top_p = true, .top_p = 0.25,
	  .cache_key = "k"},
	 0,
	 "http://p.example/v1beta/responses",
	 "{'model':'gpt-4.1'," R_HEAD "'instructions':'Be kind.'," R_HI ",'max_output_tokens':100,"
	 "'temperature':0.5,'top_p':0.25,'prompt_cache_key':'k'}"},
	{&provider_responses,
	 "a model that thinks, and a limit that is too small",
	 "gpt-5.1",
	 {MESSAGES(HI), .max_output_tokens = 1, .effort = "high"},
	 0,
	 NULL,
	 "{'model':'gpt-5.1'," R_HEAD R_HI ",'max_output_tokens':16,'reasoning':{'effort':'high',"
	 "'summary':'auto'},'include':['reasoning.encrypted_content']}"},
	{&provider_responses,
	 "without what the model refuses",
	 "openai/o4-mini",
	 {MESSAGES(HI), .max_output_tokens = 100, .has_temperature = true, .has_top_p = true},
	 0xff,
	 NULL,
	 "{'model':'openai/o4-mini'," R_HEAD R_HI ",'reasoning':{},'include':["
	 "'reasoning.encrypted_content']}"},
	{&provider_responses,
	 "the whole conversation goes with it",
	 "gpt-4.1",
	 {MESSAGES(PARTS("user", TEXT("a"), IMAGE("https://a.example/b.png", "low")),
		   PARTS("assistant",
			 BLOCK("openai_responses",
			       "{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':"
			       "'gA/+=='}",
			       NULL),
			 BLOCK("gemini", "{'on':'text','thoughtSignature':'no'}", "hm"),
			 TEXT("See."), CALL("call_7", "look", "{'at':'x'}"),
			 CALL("call_8", "wait", "")),
		   PARTS("user", RESULT("call_7", "seen"), RESULT("call_8", NULL), TEXT("b")),
		   PARTS("assistant", TEXT("So."),
			 BLOCK("openai_responses", "{'type':'reasoning','id':'rs_2'}", NULL)),
		   HI)},
	 0,
	 NULL,
	 "{'model':'gpt-4.1'," R_HEAD "'input':[{'type':'message','role':'user','content':[{'type'"
	 ":'input_text','text':'a'},{'type':'input_image','image_url':'https://a.example/b.png',"
	 "'detail':'low'}]},{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':"
	 "'gA/+=='},{'type':'message','role':'assistant','content':[{'type':'output_text','text':"
	 "'See.'}]},{'type':'function_call','call_id':'call_7','name':'look','arguments':"
	 "'{\\'at\\':\\'x\\'}'},{'type':'function_call','call_id':'call_8','name':'wait',"
	 "'arguments':'{}'},{'type':'function_call_output','call_id':'call_7','output':'seen'},{"
	 "'type':'function_call_output','call_id':'call_8','output':''},{'type':'message','role':"
	 "'user','content':[{'type':'input_text','text':'b'}]},{'type':'message','role':"
	 "'assistant','content':[{'type':'output_text','text':'So.'}]},{'type':'message','role':"
	 "'user','content':[{'type':'input_text','text':'Hi'}]}]}"},
	{&provider_responses,
	 "tools in the flat shape",
	 "gpt-4.1",
	 {MESSAGES(HI), .tools = tools, .n_tools = 2, .tool_choice = TOOLS_ONE,
	  .tool_choice_name = "look", .one_tool_at_a_time = true},
	 0,
	 NULL,
	 "{'model':'gpt-4.1'," R_HEAD R_HI ",'tools':[{'type':'function','name':'look',"
	 "'description':'Looks.','strict':true,'parameters':" SCHEMA "},{'type':'function','name':"
	 "'wait','strict':false,'parameters':{'type':'object','properties':{}}}],'tool_choice':{"
	 "'type':'function','name':'look'},'parallel_tool_calls':false}"},
	{&provider_responses,
	 "a schema, log probabilities, more parameters",
	 "gpt-4.1",
	 {MESSAGES(HI), .format = FORMAT_SCHEMA, .schema = SCHEMA, .schema_name = "place",
	  .schema_strict = true, .wants_logprobs = true, .top_logprobs = 2,
	  .extra_api = "openai_responses", .extra = "{'truncation':'auto','store':true}"},
	 0,
	 NULL,
	 "{'model':'gpt-4.1'," R_HEAD R_HI ",'text':{'format':{'type':'json_schema','name':'place'"
	 ",'strict':true,'schema':" SCHEMA "}},'top_logprobs':2,'include':["
	 "'message.output_text.logprobs'],'truncation':'auto'}"},
	{&provider_responses,
	 "JSON",
	 "gpt-4.1",
	 {MESSAGES(HI), .format = FORMAT_JSON, .tools = tools + 1, .n_tools = 1,
	  .tool_choice = TOOLS_NONE},
	 0,
	 NULL,
	 "{'model':'gpt-4.1'," R_HEAD R_HI ",'text':{'format':{'type':'json_object'}},'tools':[{"
	 "'type':'function','name':'wait','strict':false,'parameters':{'type':'object',"
	 "'properties':{}}}],'tool_choice':'none','parallel_tool_calls':true}"},
};

/* A copy in which each ' is a ". */
static const char *requoted(struct arena *arena, const char *text)
{
	char *copy = text ? arena_strdup(arena, text) : NULL;

	for (char *p = copy; p && *p; p++)
		*p = *p == '\'' ? '"' : *p;
	return copy;
}

static struct prompt requoted_prompt(struct arena *arena, const struct prompt *prompt)
{
	struct prompt_message *messages = arena_memdup(
		arena, prompt->messages, prompt->n_messages * sizeof *prompt->messages);
	struct prompt_tool *list =
		arena_memdup(arena, prompt->tools, prompt->n_tools * sizeof *prompt->tools);
	struct prompt ret = *prompt;

	for (size_t m = 0; m < ret.n_messages; m++) {
		struct prompt_part *parts =
			arena_memdup(arena, messages[m].parts, messages[m].n_parts * sizeof *parts);

		for (size_t i = 0; i < messages[m].n_parts; i++) {
			parts[i].text = requoted(arena, parts[i].text);
			parts[i].arguments = requoted(arena, parts[i].arguments);
			parts[i].data = requoted(arena, parts[i].data);
		}
		messages[m].parts = parts;
	}
	for (size_t i = 0; i < ret.n_tools; i++)
		list[i].schema = requoted(arena, list[i].schema);
	ret.messages = messages;
	ret.tools = list;
	ret.schema = requoted(arena, ret.schema);
	ret.extra = requoted(arena, ret.extra);
	return ret;
}

static const char *key_header(const struct provider_api *api)
{
	return api == &provider_gemini      ? "x-goog-api-key: secret"
	       : api == &provider_anthropic ? "x-api-key: secret"
					    : "Authorization: Bearer secret";
}

static void check_row(const struct request_row *row)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct provider_key key = {.secret = "secret"};
	struct provider provider = {.name = strncmp(row->name, "OpenRouter", 10) == 0 ? "openrouter"
										      : "p",
				    .base_url = "http://p.example/v1beta",
				    .query = "",
				    .api = row->api,
				    .keys = &key,
				    .n_keys = 1};
	struct provider_route route = {.provider = &provider, .upstream = row->model};
	const struct provider_pick pick = {&route, &key};
	struct prompt prompt = requoted_prompt(arena, &row->prompt);
	_cleanup_(json_decrefp) json_t *expected = NULL, *got = NULL;
	_cleanup_(buf_done) struct buf body;
	struct http_request request;
	struct error err;
	bool has_key = false, has_version = false;

	buf_init(&body, 1 << 20);
	assert_int_equal(
		row->api->request(&pick, &prompt, row->without, arena, &body, &request, &err), OK);
	expected = json_loads(requoted(arena, row->body), JSON_REJECT_DUPLICATES, NULL);
	got = json_loadb((const char *)request.body, request.body_len, JSON_REJECT_DUPLICATES,
			 NULL);
	if (!expected || !json_equal(expected, got))
		fail_msg("%s %s\n  is %.*s\nnot %s", row->api->name, row->name,
			 (int)request.body_len, (const char *)request.body,
			 requoted(arena, row->body));
	if (row->url)
		assert_string_equal(request.url, row->url);
	assert_null(strstr(request.url, "secret"));
	for (const char *const *header = request.headers; *header; header++) {
		has_key |= strcmp(*header, key_header(row->api)) == 0;
		has_version |= strcmp(*header, "anthropic-version: 2023-06-01") == 0;
	}
	assert_true(has_key);
	assert_int_equal(has_version, row->api == &provider_anthropic);
}

static void each_request_is_as_the_api_has_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_row(&rows[i]);
	for (size_t i = 0; i < request_rows_n; i++)
		check_row(&request_rows[i]);
}

static void a_request_that_is_too_long_is_refused(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	static const char *const names[] = {"gemini", "openai_responses"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct provider_key key = {.secret = "secret"};
		struct provider provider = {.base_url = "http://p.example",
					    .query = "?a=b",
					    .api = provider_api_find(names[i])};
		struct provider_route route = {.provider = &provider, .upstream = "m"};
		const struct provider_pick pick = {&route, &key};
		const struct prompt prompt = {MESSAGES(HI)};
		_cleanup_(buf_done) struct buf body;
		struct http_request request;
		struct error err;

		buf_init(&body, 20);
		assert_int_equal(
			provider.api->request(&pick, &prompt, 0, arena, &body, &request, &err),
			RESOURCE_EXHAUSTED);
		buf_done(&body);
		buf_init(&body, 2000);
		assert_int_equal(
			provider.api->request(&pick, &prompt, 0, arena, &body, &request, &err), OK);
		assert_non_null(strstr(request.url, i == 0 ? "?alt=sse&a=b" : "/responses?a=b"));
	}
}

int adapter_request_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_request_is_as_the_api_has_it),
		cmocka_unit_test(a_request_that_is_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
