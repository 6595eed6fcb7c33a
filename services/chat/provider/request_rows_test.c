/* Requests of OpenAI and Anthropic. */
#include "request_rows_test.h"

#include "chat/provider/anthropic.h"

#define O_HI "'messages':[{'role':'user','content':'Hi'}]"
#define O_STREAM ",'stream':true,'stream_options':{'include_usage':true}"
#define O(members) "{'model':'m'," O_HI O_STREAM ",'max_tokens':100" members "}"
#define A_HI "'messages':[{'role':'user','content':[{'type':'text','text':'Hi'}]}]"
#define A_HEAD "{'model':'m','stream':true,'max_tokens':"
#define A(members) A_HEAD "100," A_HI members "}"
#define ASK MESSAGES(HI), .max_output_tokens = 100
#define TOOLS .tools = tools, .n_tools = 2
#define O_TOOLS                                                                             \
	",'tools':[{'type':'function','function':{'name':'look','description':'Looks.','pa" \
	"rameters':" SCHEMA ",'strict':true}},{'type':'function','function':{'name':'wait'}}]"
#define NO_SCHEMA "{'type':'object','properties':{}}"
#define A_TOOLS(choice)                                                                   \
	",'tools':[{'name':'look','description':'Looks.','input_schema':" SCHEMA "},{'na" \
	"me':'wait','input_schema':" NO_SCHEMA "}],'tool_choice':{" choice "}"
#define A_ANSWER                                                                             \
	",'tools':[{'name':'answer_in_schema','description':'Gives the answer in the wanted" \
	" form.','input_schema':" SCHEMA "}],'tool_choice':{'type':'tool','name':'answer_in" \
	"_schema'}"
#define IMAGES                                                                  \
	MESSAGES(PARTS("user", IMAGE("data:image/png;base64,AAAA", NULL),       \
		       IMAGE("https://a.example/b.webp", "high"), TEXT("Hi"))), \
		.max_output_tokens = 100
/* A turn with thoughts of three APIs, text, calls, and their results. */
#define TURNS                                                                                     \
	MESSAGES(HI,                                                                              \
		 PARTS("assistant",                                                               \
		       BLOCK("openai", "[{'type':'reasoning.encrypted','data':'E'}]", NULL),      \
		       BLOCK("anthropic", "{'type':'thinking','thinking':'hm','signature':'S'}",  \
			     NULL),                                                               \
		       BLOCK("gemini", "{'on':'text','thoughtSignature':'no'}", NULL),            \
		       TEXT("See."), CALL("c1", "look", "{'at':'x'}"), CALL("c2", "wait", NULL)), \
		 PARTS("user", TEXT("And?"), RESULT("c1", "seen"),                                \
		       {.kind = PROMPT_TOOL_RESULT, .tool_id = "c2", .is_error = true}),          \
		 PARTS("user", RESULT("c3", "late"))),                                            \
		.max_output_tokens = 100
#define O_CALLS                                                                                 \
	"'tool_calls':[{'id':'c1','type':'function','function':{'name':'look','arguments':"     \
	"'{\\'at\\':\\'x\\'}'}},{'id':'c2','type':'function','function':{'name':'wait','argume" \
	"nts':'{}'}}]"
#define O_REST                                                                                  \
	"},{'role':'tool','tool_call_id':'c1','content':'seen'},{'role':'tool','tool_call_id':" \
	"'c2','content':''},{'role':'user','content':'And?'},{'role':'tool','tool_call_id':"    \
	"'c3','content':'late'}]" O_STREAM ",'max_tokens':100}"

static const struct prompt_tool tools[] = {
	{.name = "look", .description = "Looks.", .schema = SCHEMA, .strict = true},
	{.name = "wait"},
};
static const char *const stops[] = {"END", "\n\n"};

#define OPENAI(name, ...)                                \
	{                                                \
		&provider_openai, name, "m", __VA_ARGS__ \
	}
#define ANTHROPIC(name, ...)                                \
	{                                                   \
		&provider_anthropic, name, "m", __VA_ARGS__ \
	}

const struct request_row request_rows[] = {
	/* -------------------------------------------------------- OpenAI */
	OPENAI("a question",
	       {MESSAGES({.role = "system", .text = "Be kind."}, HI), .max_output_tokens = 100,
		.has_temperature = true, .temperature = 0.5, .has_top_p = true, .top_p = 0.25},
	       0, "http://p.example/v1beta/chat/completions",
	       "{'model':'m','messages':[{'role':'system','content':'Be kind.'},{'role':'user','co"
	       "ntent':'Hi'}]" O_STREAM ",'max_tokens':100,'temperature':0.5,'top_p':0.25}"),
	OPENAI("the limit under its newer name", {ASK}, PARAMETER_MAX_TOKENS, NULL,
	       "{'model':'m'," O_HI O_STREAM ",'max_completion_tokens':100}"),
	OPENAI("without what the model refuses", {ASK, .has_temperature = true, .has_top_p = true},
	       0xff, NULL, "{'model':'m'," O_HI ",'stream':true}"),
	OPENAI("images", {IMAGES}, 0, NULL,
	       "{'model':'m','messages':[{'role':'user','content':[{'type':'image_url','image_url'"
	       ":{'url':'data:image/png;base64,AAAA'}},{'type':'image_url','image_url':{'url':"
	       "'https://a.example/"
	       "b.webp','detail':'high'}},{'type':'text','text':'Hi'}]}]" O_STREAM
	       ",'max_tokens':100}"),
	OPENAI("a turn with calls, results and thoughts that stay here", {TURNS}, 0, NULL,
	       "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'assistant','conte"
	       "nt':'See.'," O_CALLS O_REST),
	OPENAI("OpenRouter gets its own thoughts back", {TURNS}, 0, NULL,
	       "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'assistant','conte"
	       "nt':'See.'," O_CALLS
	       ",'reasoning_details':[{'type':'reasoning.encrypted','data':'E'}]" O_REST),
	OPENAI("a call without words",
	       {MESSAGES(HI, PARTS("assistant", CALL("c1", "look", "{}"))),
		.max_output_tokens = 100},
	       0, NULL,
	       "{'model':'m','messages':[{'role':'user','content':'Hi'},{'role':'assistant','conte"
	       "nt':null,'tool_calls':[{'id':'c1','type':'function','function':{'name':'look','arg"
	       "uments':'{}'}}]}]" O_STREAM ",'max_tokens':100}"),
	OPENAI("tools", {ASK, TOOLS}, 0, NULL, O(O_TOOLS)),
	OPENAI("tools: none", {ASK, TOOLS, .tool_choice = TOOLS_NONE}, 0, NULL,
	       O(O_TOOLS ",'tool_choice':'none'")),
	OPENAI("tools: any", {ASK, TOOLS, .tool_choice = TOOLS_REQUIRED}, 0, NULL,
	       O(O_TOOLS ",'tool_choice':'required'")),
	OPENAI("tools: this one, one at a time",
	       {ASK, TOOLS, .tool_choice = TOOLS_ONE, .tool_choice_name = "look",
		.one_tool_at_a_time = true},
	       0, NULL,
	       O(O_TOOLS ",'tool_choice':{'type':'function','function':{'name':'look'}},'parallel_"
			 "tool_calls':false")),
	OPENAI("JSON", {ASK, .format = FORMAT_JSON}, 0, NULL,
	       O(",'response_format':{'type':'json_object'}")),
	OPENAI("a schema",
	       {ASK, .format = FORMAT_SCHEMA, .schema = SCHEMA, .schema_name = "place",
		.schema_strict = true},
	       0, NULL,
	       O(",'response_format':{'type':'json_schema','json_schema':{'name':'place','schema'"
		 ":" SCHEMA ",'strict':true}}")),
	OPENAI("a schema without a name", {ASK, .format = FORMAT_SCHEMA, .schema = SCHEMA}, 0, NULL,
	       O(",'response_format':{'type':'json_schema','json_schema':{'name':'answer','schema'"
		 ":" SCHEMA ",'strict':false}}")),
	OPENAI("wishes",
	       {ASK, .stop = stops, .n_stop = 2, .effort = "high", .wants_logprobs = true,
		.top_logprobs = 3, .cache_key = "k"},
	       0, NULL,
	       O(",'stop':['END','\\n\\n'],'reasoning_effort':'high','logprobs':true,'top_logprobs"
		 "':3,'prompt_cache_key':'k'")),
	OPENAI("more parameters of this API",
	       {ASK, .extra_api = "openai",
		.extra = "{'seed':7,'max_tokens':9,'stream':false,'stream_options':{'x':1}}"},
	       0, NULL,
	       "{'model':'m'," O_HI ",'stream':true,'stream_options':{'include_usage':true,'x':1},"
	       "'max_tokens':100,'seed':7}"),
	OPENAI("parameters of another API", {ASK, .extra_api = "anthropic", .extra = "{'top_k':7}"},
	       0, NULL, O("")),
	OPENAI("extra parameters that are none",
	       {ASK, .extra_api = "openai", .extra = "[1]", .thought_tokens = 2000}, 0, NULL,
	       O("")),

	/* -------------------------------------------------------- Anthropic */
	ANTHROPIC(
		"a question",
		{MESSAGES({.role = "system", .text = "Be kind."}, HI), .max_output_tokens = 100,
		 .has_temperature = true, .temperature = 0.5, .has_top_p = true, .top_p = 0.25},
		0, "http://p.example/v1beta/v1/messages",
		A(",'system':[{'type':'text','text':'Be kind.'}],'temperature':0.5,'top_p':0.25")),
	ANTHROPIC("without what the model refuses; its own limit of temperature",
		  {ASK, .has_temperature = true, .temperature = 1.5, .has_top_p = true},
		  PARAMETER_TOP_P, NULL, A(",'temperature':1.0")),
	ANTHROPIC("images", {IMAGES}, 0, NULL,
		  A_HEAD
		  "100,'messages':[{'role':'user','content':[{'type':'image','source':{'type':'base"
		  "64','media_type':'image/png','data':'AAAA'}},{'type':'image','source':{'type':"
		  "'url','url':'https://a.example/b.webp'}},{'type':'text','text':'Hi'}]}]}"),
	ANTHROPIC("a turn with thoughts, calls and results; neighbours are one", {TURNS}, 0, NULL,
		  A_HEAD
		  "100,'messages':[{'role':'user','content':[{'type':'text','text':'Hi'}]},{'role':"
		  "'assistant','content':[{'type':'thinking','thinking':'hm','signature':'S'},{"
		  "'type':'text','text':'See.'},{'type':'tool_use','id':'c1','name':'look','input':"
		  "{'at':'x'}},{'type':'tool_use','id':'c2','name':'wait','input':{}}]},{'role':"
		  "'user','content':[{'type':'tool_result','tool_use_id':'c1','content':'seen'},{"
		  "'type':'tool_result','tool_use_id':'c2','content':'','is_error':true},{'type':"
		  "'tool_result','tool_use_id':'c3','content':'late'},{'type':'text','text':'And?'"
		  "}]}]}"),
	ANTHROPIC("instructions alone",
		  {MESSAGES({.role = "system", .text = "Hi"}), .max_output_tokens = 100}, 0, NULL,
		  A("")),
	ANTHROPIC("an answer first, and blank words",
		  {MESSAGES({.role = "assistant", .text = "Yes?"}, {.role = "user", .text = "a"},
			    {.role = "assistant", .text = " \n"}, {.role = "user", .text = "b"}),
		   .max_output_tokens = 100},
		  0, NULL,
		  A_HEAD
		  "100,'messages':[{'role':'user','content':[{'type':'text','text':'…'}]},{'role':"
		  "'assistant','content':[{'type':'text','text':'Yes?'}]},{'role':'user','content':"
		  "[{'type':'text','text':'a'},{'type':'text','text':'b'}]}]}"),
	ANTHROPIC("tools", {ASK, TOOLS}, 0, NULL, A(A_TOOLS("'type':'auto'"))),
	ANTHROPIC("tools: none",
		  {ASK, TOOLS, .tool_choice = TOOLS_NONE, .one_tool_at_a_time = true}, 0, NULL,
		  A(A_TOOLS("'type':'none'"))),
	ANTHROPIC("tools: any", {ASK, TOOLS, .tool_choice = TOOLS_REQUIRED}, 0, NULL,
		  A(A_TOOLS("'type':'any'"))),
	ANTHROPIC("tools: this one, one at a time",
		  {ASK, TOOLS, .tool_choice = TOOLS_ONE, .tool_choice_name = "look",
		   .one_tool_at_a_time = true},
		  0, NULL,
		  A(A_TOOLS("'type':'tool','name':'look','disable_parallel_tool_use':true"))),
	ANTHROPIC("a schema is a tool's", {ASK, .format = FORMAT_SCHEMA, .schema = SCHEMA}, 0, NULL,
		  A(A_ANSWER)),
	ANTHROPIC("a schema beside tools is left out",
		  {ASK, TOOLS, .format = FORMAT_SCHEMA, .schema = SCHEMA}, 0, NULL,
		  A(A_TOOLS("'type':'auto'"))),
	ANTHROPIC("JSON of any form is left out", {ASK, .format = FORMAT_JSON}, 0, NULL, A("")),
	ANTHROPIC("wishes: those that it has",
		  {ASK, .stop = stops, .n_stop = 2, .wants_logprobs = true, .top_logprobs = 3,
		   .cache_key = "k"},
		  0, NULL, A(",'stop_sequences':['END','\\n\\n']")),
	ANTHROPIC("effort is a share of the answer; it takes no temperature",
		  {MESSAGES(HI), .max_output_tokens = 10000, .effort = "medium",
		   .has_temperature = true, .temperature = 0.5},
		  0, NULL,
		  A_HEAD "10000," A_HI ",'thinking':{'type':'enabled','budget_tokens':5000}}"),
	ANTHROPIC("effort of a model that takes no budget",
		  {MESSAGES(HI), .max_output_tokens = 10000, .effort = "medium"},
		  PARAMETER_THINKING_BUDGET, NULL,
		  A_HEAD "10000," A_HI
			 ",'thinking':{'type':'adaptive'},'output_config':{'effort':'medium'}}"),
	ANTHROPIC("effort: at least 1,024, and at most what leaves an answer",
		  {MESSAGES(HI), .max_output_tokens = 1400, .effort = "low"}, 0, NULL,
		  A_HEAD "1400," A_HI ",'thinking':{'type':'enabled','budget_tokens':1024}}"),
	ANTHROPIC("effort: none where the answer is too short", {ASK, .effort = "high"}, 0, NULL,
		  A("")),
	ANTHROPIC("effort: none where a tool is forced",
		  {MESSAGES(HI), .max_output_tokens = 10000, .effort = "high", TOOLS,
		   .tool_choice = TOOLS_REQUIRED},
		  0, NULL, A_HEAD "10000," A_HI A_TOOLS("'type':'any'") "}"),
	ANTHROPIC("a budget of thoughts",
		  {MESSAGES(HI), .max_output_tokens = 10000, .thought_tokens = 2000}, 0, NULL,
		  A_HEAD "10000," A_HI ",'thinking':{'type':'enabled','budget_tokens':2000}}"),
	ANTHROPIC("more parameters of this API",
		  {ASK, .extra_api = "anthropic", .extra = "{'top_k':7,'max_tokens':9}"}, 0, NULL,
		  A(",'top_k':7")),
	ANTHROPIC("parameters of another API", {ASK, .extra_api = "openai", .extra = "{'seed':7}"},
		  0, NULL, A("")),
};
const size_t request_rows_n = sizeof request_rows / sizeof *request_rows;
