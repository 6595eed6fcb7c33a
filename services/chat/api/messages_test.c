#include "dialect_test.h"

#define LEAST "'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hi'}]"
#define M "m max=9"
#define HI " | user: Hi"
#define USER(content) \
	"{'model':'m','max_tokens':9,'messages':[{'role':'user','content':" content "}]}"
#define ASSISTANT(content) \
	"{'model':'m','max_tokens':9,'messages':[{'role':'assistant','content':[" content "]}]}"
#define WITH(members) "{" LEAST "," members "}"
#define LOOK "{'name':'look','input_schema':{'type':'object'}}"
#define LOOKS " tool(look,{'type':'object'})"
#define IMAGE(type, data) \
	"{'type':'image','source':{'type':'base64','media_type':'" type "','data':'" data "'}}"
#define THOUGHT "{'type':'thinking','thinking':'hm','signature':'c2ln'}"
#define HIDDEN "{'type':'redacted_thinking','data':'xyz'}"

static const struct read_row good[] = {
	{"least", "{" LEAST "}", M HI},
	{"instructions", WITH("'system':'S'"), M " | system: S" HI},
	{"instructions as blocks",
	 WITH("'system':[{'type':'text','text':'A'},{'type':'text','text':'B','cache_control':{'"
	      "type':"
	      "'ephemeral','ttl':'1h'}}]"),
	 M " | system: text(A) text(B)+{'type':'ephemeral','ttl':'1h'}" HI},
	{"empty instructions", WITH("'system':''"), M HI},
	{"edits of the context", WITH("'context_management':{'edits':[]}"), M HI},
	{"no instructions", WITH("'system':null"), M HI},
	{"blocks", USER("[{'type':'text','text':'a'},{'type':'text','text':'b'}]"),
	 M " | user: text(a) text(b)"},
	{"an empty block", USER("[{'type':'text','text':''}]"), M " | user: "},
	{"no blocks", USER("[]"), M " | user: "},
	{"an image", USER("[" IMAGE("image/png", "iVBORw0=") "]"),
	 M " | user: image(data:image/png;base64,iVBORw0=)"},
	{"an image by its address",
	 USER("[{'type':'image','source':{'type':'url','url':'https://a.example/x'}}]"),
	 M " | user: image(https://a.example/x)"},
	{"an image that stays in a cache",
	 USER("[{'type':'image','cache_control':{'type':'ephemeral'},'source':{'type':'url','url':"
	      "'https://a.example/x'}}]"),
	 M " | user: image(https://a.example/x)+{'type':'ephemeral'}"},
	{"a result", USER("[{'type':'tool_result','tool_use_id':'t','content':'R'}]"),
	 M " | user: result(t,R)"},
	{"a result without content", USER("[{'type':'tool_result','tool_use_id':'t'}]"),
	 M " | user: result(t,)"},
	{"an error as a result",
	 USER("[{'type':'tool_result','tool_use_id':'t','content':'R','is_error':true}]"),
	 M " | user: result(t,R,error)"},
	{"a result of blocks, then words",
	 USER("[{'type':'tool_result','tool_use_id':'t','cache_control':{'type':'ephemeral'},'"
	      "content':[{"
	      "'type':'text','text':'a'}," IMAGE("image/gif",
						 "AAAA") ",{'type':'text','text':'b'}]},{"
							 "'type':'text','text':'go'}]"),
	 M " | user: result(t,ab)+{'type':'ephemeral'} image(data:image/gif;base64,AAAA) text(go)"},
	{"a call",
	 ASSISTANT("{'type':'text','text':'Well'},{'type':'tool_use','id':'t','name':'look','input'"
		   ":{'a':"
		   "[1]}}"),
	 M " | assistant: text(Well) call(t,look,{'a':[1]})"},
	{"thoughts go back as they came",
	 ASSISTANT(THOUGHT "," HIDDEN ",{'type':'text','text':'a'}"),
	 M " | assistant: thought(anthropic," THOUGHT ") thought(anthropic," HIDDEN ") text(a)"},
	{"thoughts of another API go back to it",
	 ASSISTANT("{'type':'redacted_thinking','data':'limitless.gemini.eyJvbiI6InRleHQifQ'},{'"
		   "type':"
		   "'text','text':'a'}"),
	 M " | assistant: thought(gemini,{'on':'text'}) text(a)"},
	{"thoughts that nobody signed stay here",
	 ASSISTANT("{'type':'thinking','thinking':'hm','signature':''},{'type':'text','text':'a'}"),
	 M " | assistant: text(a)"},
	{"the beginning of the answer",
	 "{'model':'m','max_tokens':9,'messages':[{'role':'user','content':'Hi'},{'role':'"
	 "assistant',"
	 "'content':'Once'}]}",
	 M HI " | assistant: Once"},
	{"tools",
	 WITH("'tools':[{'name':'look','type':'custom','description':'Looks.','input_schema':{'"
	      "type':"
	      "'object'},'cache_control':{'type':'ephemeral'}}]"),
	 "m tool(look,Looks.,{'type':'object'})+{'type':'ephemeral'} max=9" HI},
	{"a choice of auto", WITH("'tools':[" LOOK "],'tool_choice':{'type':'auto'}"),
	 "m" LOOKS " max=9" HI},
	{"a choice of any", WITH("'tools':[" LOOK "],'tool_choice':{'type':'any'}"),
	 "m" LOOKS " choice=required max=9" HI},
	{"a choice of none", WITH("'tools':[" LOOK "],'tool_choice':{'type':'none'}"),
	 "m" LOOKS " choice=none max=9" HI},
	{"this tool, once",
	 WITH("'tools':[" LOOK
	      "],'tool_choice':{'type':'tool','name':'look','disable_parallel_tool_use':true}"),
	 "m" LOOKS " choice=one:look single max=9" HI},
	{"settings", WITH("'temperature':1,'top_p':0.5,'stop_sequences':['a','b'],'stream':true"),
	 "m stream max=9 t=1 p=0.5 stop=a stop=b" HI},
	{"a small budget of thoughts",
	 "{'model':'m','max_tokens':10000,'messages':[{'role':'user','content':'Hi'}],'thinking':{'"
	 "type':"
	 "'enabled','budget_tokens':1024}}",
	 "m max=10000 effort=low thoughts=1024" HI},
	{"a large budget of thoughts",
	 "{'model':'m','max_tokens':10000,'messages':[{'role':'user','content':'Hi'}],'thinking':{'"
	 "type':"
	 "'enabled','budget_tokens':8000}}",
	 "m max=10000 effort=high thoughts=8000" HI},
	{"no thoughts", WITH("'thinking':{'type':'disabled'}"), M HI},
	{"thoughts as the model likes", WITH("'thinking':{'type':'adaptive'}"),
	 M " thoughts=-1 anthropic{'thinking':{'type':'adaptive'}}" HI},
	{"effort", WITH("'output_config':{'effort':'max'}"),
	 M " effort=xhigh thoughts=-1 anthropic{'output_config':{'effort':'max'}}" HI},
	{"a schema",
	 WITH("'output_config':{'format':{'type':'json_schema','schema':{'type':'object'}}}"),
	 M " schema(-,{'type':'object'})" HI},
	{"a schema by its older name",
	 WITH("'output_format':{'type':'json_schema','schema':{'type':'object'}}"),
	 M " schema(-,{'type':'object'})" HI},
	{"the usual tier", WITH("'service_tier':'standard_only'"), M HI},
	{"what goes on as it is", WITH("'top_k':5,'metadata':{'user_id':'u'},'x_new':true"),
	 M " anthropic{'top_k':5,'metadata':{'user_id':'u'},'x_new':true}" HI},
};

static const struct read_row bad[] = {
	{"nothing", "", "json_invalid"},
	{"a member twice", WITH("'max_tokens':3"), "json_invalid"},
	{"no limit", "{'model':'m','messages':[{'role':'user','content':'Hi'}]}",
	 "field_required max_tokens"},
	{"no tokens", "{'model':'m','max_tokens':0,'messages':[{'role':'user','content':'Hi'}]}",
	 "field_invalid max_tokens"},
	{"no model", "{'max_tokens':9,'messages':[{'role':'user','content':'Hi'}]}",
	 "field_required model"},
	{"no messages", "{'model':'m','max_tokens':9}", "field_required messages"},
	{"no message", "{'model':'m','max_tokens':9,'messages':[]}", "field_required messages"},
	{"a message that is none", "{'model':'m','max_tokens':9,'messages':['Hi']}",
	 "field_invalid messages[0]"},
	{"a null message", "{'model':'m','max_tokens':9,'messages':[null]}",
	 "field_invalid messages[0]"},
	{"instructions among the messages",
	 "{'model':'m','max_tokens':9,'messages':[{'role':'system','content':'S'}]}",
	 "field_invalid messages[0].role"},
	{"no role", "{'model':'m','max_tokens':9,'messages':[{'content':'S'}]}",
	 "field_required messages[0].role"},
	{"no content", "{'model':'m','max_tokens':9,'messages':[{'role':'user'}]}",
	 "field_required messages[0].content"},
	{"content as a number", USER("7"), "field_invalid messages[0].content"},
	{"a block that is none", USER("['a']"), "field_invalid messages[0].content[0]"},
	{"a null block", USER("[null]"), "field_invalid messages[0].content[0]"},
	{"a block without type", USER("[{'text':'a'}]"),
	 "field_required messages[0].content[0].type"},
	{"a block without text", USER("[{'type':'text'}]"),
	 "field_required messages[0].content[0].text"},
	{"a NUL", USER("[{'type':'text','text':'\\u0000'}]"),
	 "text_invalid messages[0].content[0].text"},
	{"a document", USER("[{'type':'text','text':'a'},{'type':'document','source':{}}]"),
	 "parameter_unsupported messages[0].content[1].type"},
	{"a search's result", USER("[{'type':'search_result'}]"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"a call of the user", USER("[{'type':'tool_use','id':'t','name':'a','input':{}}]"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"an image of the model", ASSISTANT(IMAGE("image/png", "AAAA")),
	 "parameter_unsupported messages[0].content[0].type"},
	{"a tool of the server",
	 ASSISTANT("{'type':'server_tool_use','id':'t','name':'a','input':{}}"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"an image without source", USER("[{'type':'image'}]"),
	 "field_required messages[0].content[0].source"},
	{"an image of a file", USER("[{'type':'image','source':{'type':'file','file_id':'f'}}]"),
	 "parameter_unsupported messages[0].content[0].source.type"},
	{"an image of an unknown type", USER("[" IMAGE("image/tiff", "AAAA") "]"),
	 "field_invalid messages[0].content[0].source.media_type"},
	{"an image that is no base64", USER("[" IMAGE("image/png", "AAA") "]"),
	 "field_invalid messages[0].content[0].source.data"},
	{"an image without type",
	 USER("[{'type':'image','source':{'type':'base64','data':'AAAA'}}]"),
	 "field_required messages[0].content[0].source.media_type"},
	{"an image by http", USER("[{'type':'image','source':{'type':'url','url':'http://a'}}]"),
	 "field_invalid messages[0].content[0].source.url"},
	{"a result without its call", USER("[{'type':'tool_result','content':'R'}]"),
	 "field_required messages[0].content[0].tool_use_id"},
	{"a result of a document",
	 USER("[{'type':'tool_result','tool_use_id':'t','content':[{'type':'document'}]}]"),
	 "parameter_unsupported messages[0].content[0].content[0].type"},
	{"a result with half an error",
	 USER("[{'type':'tool_result','tool_use_id':'t','is_error':1}]"),
	 "field_invalid messages[0].content[0].is_error"},
	{"a call without input", ASSISTANT("{'type':'tool_use','id':'t','name':'look'}"),
	 "field_required messages[0].content[0].input"},
	{"a call with a text", ASSISTANT("{'type':'tool_use','id':'t','name':'look','input':'{}'}"),
	 "field_invalid messages[0].content[0].input"},
	{"a thought without signature", ASSISTANT("{'type':'thinking','thinking':'hm'}"),
	 "field_invalid messages[0].content[0]"},
	{"a forged block of another API",
	 ASSISTANT("{'type':'redacted_thinking','data':'limitless.openai_responses.e30'}"),
	 "field_invalid messages[0].content[0].data"},
	{"a cache of another kind",
	 USER("[{'type':'text','text':'a','cache_control':{'type':'forever'}}]"),
	 "field_invalid messages[0].content[0].cache_control.type"},
	{"a cache for a day",
	 USER("[{'type':'text','text':'a','cache_control':{'type':'ephemeral','ttl':'1d'}}]"),
	 "field_invalid messages[0].content[0].cache_control.ttl"},
	{"instructions as an image", WITH("'system':[" IMAGE("image/png", "AAAA") "]"),
	 "parameter_unsupported system[0].type"},
	{"instructions as a number", WITH("'system':1"), "field_invalid system"},
	{"a tool of theirs", WITH("'tools':[{'type':'web_search_20250305','name':'web_search'}]"),
	 "parameter_unsupported tools[0].type"},
	{"a tool without schema", WITH("'tools':[{'name':'look'}]"),
	 "field_required tools[0].input_schema"},
	{"a tool without name", WITH("'tools':[{'input_schema':{}}]"),
	 "field_required tools[0].name"},
	{"a tool that is none", WITH("'tools':[null]"), "field_invalid tools[0]"},
	{"two of a name", WITH("'tools':[" LOOK "," LOOK "]"), "field_invalid tools[1]"},
	{"an unknown choice", WITH("'tools':[" LOOK "],'tool_choice':{'type':'required'}"),
	 "field_invalid tool_choice.type"},
	{"a choice as a word", WITH("'tools':[" LOOK "],'tool_choice':'auto'"),
	 "field_invalid tool_choice"},
	{"another tool", WITH("'tools':[" LOOK "],'tool_choice':{'type':'tool','name':'see'}"),
	 "field_invalid tool_choice.name"},
	{"a choice without tools", WITH("'tool_choice':{'type':'any'}"),
	 "field_invalid tool_choice.type"},
	{"too hot", WITH("'temperature':1.5"), "field_invalid temperature"},
	{"a stop as an object", WITH("'stop_sequences':{}"), "field_invalid stop_sequences"},
	{"a stop as a text", WITH("'stop_sequences':'END'"), "field_invalid stop_sequences"},
	{"too many stops",
	 WITH("'stop_sequences':['a','b','c','d','e','f','g','h','i','j','k','l','m','n','o','p','"
	      "q']"),
	 "field_invalid stop_sequences"},
	{"a budget that is too small", WITH("'thinking':{'type':'enabled','budget_tokens':100}"),
	 "field_invalid thinking.budget_tokens"},
	{"a budget above the limit", WITH("'thinking':{'type':'enabled','budget_tokens':2000}"),
	 "field_invalid thinking.budget_tokens"},
	{"no budget", WITH("'thinking':{'type':'enabled'}"),
	 "field_required thinking.budget_tokens"},
	{"an unknown way to think", WITH("'thinking':{'type':'hard'}"),
	 "field_invalid thinking.type"},
	{"an unknown effort", WITH("'output_config':{'effort':'none'}"),
	 "field_invalid output_config.effort"},
	{"an unknown format", WITH("'output_config':{'format':{'type':'xml'}}"),
	 "parameter_unsupported output_config.format.type"},
	{"a dearer tier", WITH("'service_tier':'priority'"), "parameter_unsupported service_tier"},
	{"servers", WITH("'mcp_servers':[]"), "parameter_unsupported mcp_servers"},
	{"a container", WITH("'container':'c'"), "parameter_unsupported container"},
	{"a dearer speed", WITH("'speed':'fast'"), "parameter_unsupported speed"},
};

static void test_messages_requests_that_are_good(void **state)
{
	(void)state;
	check_read(&dialect_messages, good, ARRAY_SIZE(good));
}

static void test_messages_requests_that_are_refused(void **state)
{
	(void)state;
	check_read(&dialect_messages, bad, ARRAY_SIZE(bad));
}

/* ---------------------------------------------------------------- answers */

#define MESSAGE(content, stop, usage)                                                         \
	"{'id':'msg_0190a0000000700080000000000000aa','type':'message','role':'assistant','m" \
	"odel':'the-model','content':[" content "]," stop "," usage "}"
#define COUNTS(input, written, read, output)                                       \
	"'usage':{'input_tokens':" input ",'cache_creation_input_tokens':" written \
	",'cache_read_input_tokens':" read ",'output_tokens':" output
#define USAGE(input, written, read, output)  \
	COUNTS(input, written, read, output) \
	",'cache_creation':null,'server_tool_use':null,'service_tier':'standard'}"
#define NO_USAGE USAGE("0", "0", "0", "0")
#define STOPPED(reason) "'stop_reason':'" reason "','stop_sequence':null"
#define BEGIN                                         \
	"{'type':'message_start','message':" MESSAGE( \
		"", "'stop_reason':null,'stop_sequence':null", NO_USAGE) "}\n{'type':'ping'}\n"
#define END_COUNTS(reason, counts)                                      \
	"{'type':'message_delta','delta':{" STOPPED(reason) "}," counts \
							    "}}\n{'type':'message_stop'}"
#define END(reason) END_COUNTS(reason, COUNTS("0", "0", "0", "0"))
#define OPEN(index, block) \
	"{'type':'content_block_start','index':" index ",'content_block':{" block "}}\n"
#define OPEN_TEXT(index) OPEN(index, "'type':'text','text':''")
#define OPEN_THOUGHT(index) OPEN(index, "'type':'thinking','thinking':'','signature':''")
#define OPEN_CALL(index, id, name) \
	OPEN(index, "'type':'tool_use','id':'" id "','name':'" name "','input':{}")
#define DELTA(index, delta) "{'type':'content_block_delta','index':" index ",'delta':{" delta "}}\n"
#define DELTA_TEXT(index, text) DELTA(index, "'type':'text_delta','text':'" text "'")
#define DELTA_THOUGHT(index, text) DELTA(index, "'type':'thinking_delta','thinking':'" text "'")
#define DELTA_JSON(index, text) DELTA(index, "'type':'input_json_delta','partial_json':'" text "'")
#define CLOSE(index) "{'type':'content_block_stop','index':" index "}\n"
#define STREAM "'stream':true"
#define CALL(index, id, name) \
	"I{'type':'tool_call','index':" index ",'id':'" id "','name':'" name "'}\n"
#define ARGUMENTS(index, delta) "I{'type':'tool_arguments','index':" index ",'delta':'" delta "'}\n"
#define BLOCK(api, data) "I{'type':'reasoning','api':'" api "','data':" data "}\n"
#define SIGNED BLOCK("anthropic", THOUGHT)
#define OTHER BLOCK("gemini", "{'on':'text'}")
#define OTHER_BLOCK "'type':'redacted_thinking','data':'limitless.gemini.eyJvbiI6InRleHQifQ'"

static const struct write_row answers[] = {
	{"a stream", STREAM, "THel\nTlo\nU9/3/0/0/0\nD1",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "Hel") DELTA_TEXT("0", "lo") CLOSE("0")
		 END_COUNTS("end_turn", COUNTS("9", "0", "0", "3"))},
	{"the prompt's tokens do not overlap", STREAM, "Ta\nU9/3/4/1/2\nD1",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "a") CLOSE("0")
		 END_COUNTS("end_turn", COUNTS("4", "1", "4", "3"))},
	{"an empty answer", STREAM, "D1", BEGIN END("end_turn")},
	{"thoughts, signed, then text", STREAM, "Rh\nRm\n" SIGNED "Ta\nD1",
	 BEGIN OPEN_THOUGHT("0") DELTA_THOUGHT("0", "h") DELTA_THOUGHT("0", "m")
		 DELTA("0", "'type':'signature_delta','signature':'c2ln'") CLOSE("0") OPEN_TEXT("1")
			 DELTA_TEXT("1", "a") CLOSE("1") END("end_turn")},
	{"a signature without words", STREAM, SIGNED "D1",
	 BEGIN OPEN_THOUGHT("0") DELTA("0", "'type':'signature_delta','signature':'c2ln'")
		 CLOSE("0") END("end_turn")},
	{"two thoughts, both signed", STREAM, "Ra\n" SIGNED "Rb\n" SIGNED "D1",
	 BEGIN OPEN_THOUGHT("0") DELTA_THOUGHT("0", "a") DELTA(
		 "0", "'type':'signature_delta','signature':'c2ln'") CLOSE("0") OPEN_THOUGHT("1")
		 DELTA_THOUGHT("1", "b") DELTA("1", "'type':'signature_delta','signature':'c2ln'")
			 CLOSE("1") END("end_turn")},
	{"thoughts that are hidden", STREAM, BLOCK("anthropic", HIDDEN) "Ta\nD1",
	 BEGIN OPEN("0", "'type':'redacted_thinking','data':'xyz'") CLOSE("0") OPEN_TEXT("1")
		 DELTA_TEXT("1", "a") CLOSE("1") END("end_turn")},
	{"thoughts of another API", STREAM, "Rhm\n" OTHER "Ta\nD1",
	 BEGIN OPEN_THOUGHT("0") DELTA_THOUGHT("0", "hm") CLOSE("0") OPEN("1", OTHER_BLOCK)
		 CLOSE("1") OPEN_TEXT("2") DELTA_TEXT("2", "a") CLOSE("2") END("end_turn")},
	{"two calls", STREAM,
	 "Ta\n" CALL("0", "c1", "look") ARGUMENTS("0", "{") ARGUMENTS("0", "}")
		 CALL("1", "c2", "see") ARGUMENTS("1", "{}") "D5",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "a") CLOSE("0") OPEN_CALL("1", "c1", "look")
		 DELTA_JSON("1", "{") DELTA_JSON("1", "}") CLOSE("1") OPEN_CALL("2", "c2", "see")
			 DELTA_JSON("2", "{}") CLOSE("2") END("tool_use")},
	{"two calls by turns", STREAM,
	 CALL("0", "c1", "look") ARGUMENTS("0", "{") CALL("1", "c2", "see") ARGUMENTS("1", "{}")
		 ARGUMENTS("0", "}") "D5",
	 BEGIN OPEN_CALL("0", "c1", "look") DELTA_JSON("0", "{") OPEN_CALL("1", "c2", "see")
		 DELTA_JSON("1", "{}") DELTA_JSON("0", "}") CLOSE("0") CLOSE("1") END("tool_use")},
	{"a call without arguments", STREAM, CALL("0", "c1", "look") "D1",
	 BEGIN OPEN_CALL("0", "c1", "look") CLOSE("0") END("tool_use")},
	{"too long", STREAM, "D2", BEGIN END("max_tokens")},
	{"filtered", STREAM, "D4", BEGIN END("refusal")},
	{"cancelled", STREAM, "D3", BEGIN END("end_turn")},
	{"a stop sequence", STREAM, "I{'type':'stop_sequence','text':'EN\\'D'}\nD1",
	 BEGIN
	 "{'type':'message_delta','delta':{'stop_reason':'stop_sequence','stop_sequence':'EN\\'D"
	 "'}," COUNTS("0", "0", "0", "0") "}}\n{'type':'message_stop'}"},
	{"logprobs have no place", STREAM, "I{'type':'logprobs','content':[]}\nD1",
	 BEGIN END("end_turn")},
	{"a new try before anything was shown", STREAM, "X\nTa\nD1",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "a") CLOSE("0") END("end_turn")},
	{"a new try after text", STREAM, "Ta\nX\nD1",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "a") "GAVE UP"},
	{"a failure after text", STREAM, "Ta\nF",
	 BEGIN OPEN_TEXT("0") DELTA_TEXT("0", "a") "FAILED"},
	{"whole", "", "THel\nTlo\nU9/3/4/1/2\nD1",
	 MESSAGE("{'type':'text','text':'Hello'}", STOPPED("end_turn"), USAGE("4", "1", "4", "3"))},
	{"whole and empty", "", "D1", MESSAGE("", STOPPED("end_turn"), NO_USAGE)},
	{"whole, with everything", "",
	 "Rhm\n" SIGNED BLOCK("anthropic", HIDDEN) OTHER "Ta\n" CALL("0", "c1", "look")
		 ARGUMENTS("0", "{\\'a\\':[") ARGUMENTS("0", "1]}") "Tb\nD5",
	 MESSAGE(THOUGHT "," HIDDEN ",{" OTHER_BLOCK
			 "},{'type':'text','text':'a'},{'type':'tool_use','id':'c1','name':'look',"
			 "'input':{'a':[1]}},{'type':'text','text':'b'}",
		 STOPPED("tool_use"), NO_USAGE)},
	{"arguments that are no JSON", "", CALL("0", "c1", "look") ARGUMENTS("0", "{\\'a\\'") "D5",
	 MESSAGE("{'type':'tool_use','id':'c1','name':'look','input':{}}", STOPPED("tool_use"),
		 NO_USAGE)},
	{"whole, of the second try", "", "Ta\nX\nTb\nD1",
	 MESSAGE("{'type':'text','text':'b'}", STOPPED("end_turn"), NO_USAGE)},
};

static void test_messages_answers(void **state)
{
	(void)state;
	check_write(&dialect_messages, LEAST, answers, ARRAY_SIZE(answers));
}

/* ---------------------------------------------------------------- both forms say the same */

/* The member of a block that each delta goes on with. */
static void join_delta(json_t *block, json_t *delta)
{
	static const char *const names[] = {"text", "thinking", "signature", "partial_json"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *more = json_string_value(json_object_get(delta, names[i]));

		if (more)
			join_text(block, names[i], more);
	}
}

static void join_event(json_t *ret, json_t *content, json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	json_t *block = json_array_get(content,
				       (size_t)json_integer_value(json_object_get(event, "index")));

	if (strcmp(type, "content_block_start") == 0)
		json_array_append_new(content,
				      json_deep_copy(json_object_get(event, "content_block")));
	if (strcmp(type, "content_block_delta") == 0)
		join_delta(block, json_object_get(event, "delta"));
	if (strcmp(type, "content_block_stop") == 0 && json_object_get(block, "partial_json")) {
		json_object_set_new(
			block, "input",
			json_loads(json_string_value(json_object_get(block, "partial_json")), 0,
				   NULL));
		json_object_del(block, "partial_json");
	}
	if (strcmp(type, "message_delta") == 0) {
		json_object_update(ret, json_object_get(event, "delta"));
		json_object_update(json_object_get(ret, "usage"), json_object_get(event, "usage"));
	}
}

static json_t *join(json_t *events)
{
	json_t *ret = json_deep_copy(json_object_get(json_array_get(events, 0), "message"));
	json_t *content = json_object_get(ret, "content"), *event;
	size_t i;

	json_array_foreach(events, i, event) join_event(ret, content, event);
	return ret;
}

static void test_messages_whole_is_the_stream(void **state)
{
	(void)state;
	check_whole(&dialect_messages, LEAST, join);
}

static void test_messages_large_bodies(void **state)
{
	static const char before[] = ",'messages':[{'role':'user','content':[";

	(void)state;
	check_hostile(&dialect_messages, LEAST, ",'system':'", "a", "'");
	check_hostile(&dialect_messages, "'model':'m','max_tokens':9", before,
		      "{'type':'text','text':'a'}", "]}]");
	check_hostile(
		&dialect_messages, "'model':'m','max_tokens':9", before,
		"{'type':'tool_result','tool_use_id':'t','content':[{'type':'text','text':'a'}]}",
		"]}]");
	check_hostile(
		&dialect_messages, "'model':'m','max_tokens':9",
		",'messages':[{'role':'user','content':[{'type':'image','source':{'type':'base64',"
		"'media_type':'image/png','data':'",
		"AAAA", "'}}]}]");
}

int messages_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages_requests_that_are_good),
		cmocka_unit_test(test_messages_requests_that_are_refused),
		cmocka_unit_test(test_messages_answers),
		cmocka_unit_test(test_messages_whole_is_the_stream),
		cmocka_unit_test(test_messages_large_bodies),
	};

	return cmocka_run_group_tests_name("messages", tests, NULL, NULL);
}
