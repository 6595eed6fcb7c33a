#include "dialect_test.h"

#define LEAST "'model':'m','messages':[{'role':'user','content':'Hi'}]"
#define HI " | user: Hi"
#define USER(content) "{'model':'m','messages':[{'role':'user','content':" content "}]}"
#define ONE(message) "{'model':'m','messages':[" message "]}"
#define WITH(members) "{" LEAST "," members "}"
#define LOOK "{'type':'function','function':{'name':'look'}}"
#define PNG "data:image/png;base64,iVBORw0="

static const struct read_row good[] = {
	{"least", "{" LEAST "}", "m" HI},
	{"members that are null", WITH("'tools':null,'stop':null,'stream':null,'n':null"), "m" HI},
	{"white space and order",
	 " {\n'messages' : [{'content':'Hi','role':'user'}] , 'model':'m'} ", "m" HI},
	{"roles",
	 ONE("{'role':'system','content':'S'},{'role':'developer','content':'D'},{'role':'user',"
	     "'content':'U','name':'ann'},{'role':'assistant','content':'A'}"),
	 "m | system: S | system: D | user=ann: U | assistant: A"},
	{"parts",
	 USER("[{'type':'text','text':'see'},{'type':'image_url','image_url':{'url':'https://"
	      "a.example/x.png',"
	      "'detail':'low'}},{'type':'image_url','image_url':{'url':'" PNG "'}}]"),
	 "m | user: text(see) image(https://a.example/x.png,low) image(" PNG ")"},
	{"empty parts", USER("[{'type':'text','text':''}]"), "m | user: "},
	{"no parts", USER("[]"), "m | user: "},
	{"a part that stays in a cache",
	 USER("[{'type':'text','text':'a','cache_control':{'type':'ephemeral'}}]"),
	 "m | user: text(a)+{'type':'ephemeral'}"},
	{"calls and results",
	 ONE("{'role':'user','content':'Hi'},{'role':'assistant','content':null,'tool_calls':[{'id'"
	     ":'c1',"
	     "'type':'function','function':{'name':'look','arguments':'{}'}},{'id':'c2','function':"
	     "{"
	     "'name':'see','arguments':''}}]},{'role':'tool','tool_call_id':'c1','content':'R'},{"
	     "'role':'tool','tool_call_id':'c2','content':[{'type':'text','text':'x'},{'type':'"
	     "text',"
	     "'text':'y'}]}"),
	 "m | user: Hi | assistant: call(c1,look,{}) call(c2,see,) | user: result(c1,R) | user: "
	 "result(c2,xy)"},
	{"words before a call",
	 ONE("{'role':'assistant','content':'Well','tool_calls':[{'id':'c1','type':'function',"
	     "'function':{'name':'look','arguments':'{}'}}]}"),
	 "m | assistant: text(Well) call(c1,look,{})"},
	{"a refusal", ONE("{'role':'assistant','content':null,'refusal':'No.'}"),
	 "m | assistant: No."},
	{"a refusal as a part",
	 ONE("{'role':'assistant','content':[{'type':'refusal','refusal':'No.'}]}"),
	 "m | assistant: text(No.)"},
	{"an answer without content", ONE("{'role':'assistant'}"), "m | assistant: "},
	{"what libraries repeat",
	 ONE("{'role':'assistant','content':'A','annotations':[],'audio':null,'function_call':null,"
	     "'refusal':null,'reasoning_content':'hm','tool_calls':null}"),
	 "m | assistant: A"},
	{"our block of reasoning",
	 ONE("{'role':'assistant','content':'A','reasoning_details':[{'type':'reasoning.encrypted',"
	     "'format':'limitless','data':'limitless.gemini.eyJvbiI6InRleHQifQ','index':0}]}"),
	 "m | assistant: thought(gemini,{'on':'text'}) text(A)"},
	{"blocks of OpenRouter",
	 ONE("{'role':'assistant','content':'A','reasoning_details':[{'type':'reasoning.text','"
	     "text':'a'"
	     "},{'type':'reasoning.summary','summary':'b'}]}"),
	 "m | assistant: thought(openai,[{'type':'reasoning.text','text':'a'},{'type':'reasoning."
	 "summary','summary':'b'}]) text(A)"},
	{"tools",
	 WITH("'tools':[{'type':'function','function':{'name':'look','description':'Looks.','"
	      "parameters'"
	      ":{'type':'object'},'strict':true}}," LOOK "]"),
	 "field_invalid tools[1]"},
	{"a tool",
	 WITH("'tools':[{'type':'function','function':{'name':'look','description':'Looks.','"
	      "parameters'"
	      ":{'type':'object'},'strict':true}}]"),
	 "m tool(look!,Looks.,{'type':'object'})" HI},
	{"a choice of none", WITH("'tools':[" LOOK "],'tool_choice':'none'"),
	 "m tool(look) choice=none" HI},
	{"a choice of auto", WITH("'tools':[" LOOK "],'tool_choice':'auto'"), "m tool(look)" HI},
	{"a tool that must be", WITH("'tools':[" LOOK "],'tool_choice':'required'"),
	 "m tool(look) choice=required" HI},
	{"this tool", WITH("'tools':[" LOOK "],'tool_choice':" LOOK),
	 "m tool(look) choice=one:look" HI},
	{"one at a time", WITH("'tools':[" LOOK "],'parallel_tool_calls':false"),
	 "m tool(look) single" HI},
	{"several at a time", WITH("'tools':[" LOOK "],'parallel_tool_calls':true"),
	 "m tool(look)" HI},
	{"text", WITH("'response_format':{'type':'text'}"), "m" HI},
	{"JSON", WITH("'response_format':{'type':'json_object'}"), "m json" HI},
	{"a schema",
	 WITH("'response_format':{'type':'json_schema','json_schema':{'name':'out','strict':true,"
	      "'schema':{'type':'object','required':['a']}}}"),
	 "m schema(out!,{'type':'object','required':['a']})" HI},
	{"limits", WITH("'max_tokens':7,'temperature':0.5,'top_p':0.25,'stop':'END'"),
	 "m max=7 t=0.5 p=0.25 stop=END" HI},
	{"the newer limit counts", WITH("'max_tokens':7,'max_completion_tokens':8"), "m max=8" HI},
	{"a limit as a real number", WITH("'max_tokens':1e3"), "m max=1000" HI},
	{"several stops", WITH("'stop':['a','b']"), "m stop=a stop=b" HI},
	{"no stops", WITH("'stop':[]"), "m" HI},
	{"effort", WITH("'reasoning_effort':'minimal'"), "m effort=minimal" HI},
	{"logprobs", WITH("'logprobs':true,'top_logprobs':3"), "m logprobs=3" HI},
	{"a stream", WITH("'stream':true"), "m stream" HI},
	{"a stream with usage", WITH("'stream':true,'stream_options':{'include_usage':true}"),
	 "m stream usage" HI},
	{"one answer", WITH("'n':1,'modalities':['text']"), "m" HI},
	{"a key of the cache", WITH("'prompt_cache_key':'k'"), "m key=k" HI},
	{"nothing is stored", WITH("'store':true,'metadata':{'a':'b'}"), "m" HI},
	{"the usual tier", WITH("'service_tier':'auto'"), "m" HI},
	{"what goes on as it is",
	 WITH("'seed':7,'user':'u','logit_bias':{'1':2},'frequency_penalty':0.5,'x_new':[1,{'a':"
	      "null}]"),
	 "m "
	 "openai{'seed':7,'user':'u','logit_bias':{'1':2},'frequency_penalty':0.5,'x_new':[1,{'a':"
	 "null}]}" HI},
};

static const struct read_row bad[] = {
	{"nothing", "", "json_invalid"},
	{"a list", "[]", "json_invalid"},
	{"half of it", "{'model':'m'", "json_invalid"},
	{"a member twice", WITH("'model':'x'"), "json_invalid"},
	{"a member twice inside", USER("[{'type':'text','type':'text','text':'a'}]"),
	 "json_invalid"},
	{"half of a surrogate pair", USER("'\\ud800'"), "json_invalid"},
	{"broken UTF-8", USER("'\xff'"), "json_invalid"},
	{"a NUL", USER("'a\\u0000'"), "text_invalid messages[0].content"},
	{"a NUL in a schema",
	 WITH("'tools':[{'type':'function','function':{'name':'look','parameters':{'a':'\\u0000'}}}"
	      "]"),
	 "text_invalid tools[0].function.parameters"},
	{"no model", "{'messages':[{'role':'user','content':'Hi'}]}", "field_required model"},
	{"an empty model", "{'model':'','messages':[{'role':'user','content':'Hi'}]}",
	 "field_required model"},
	{"a model that is no text", "{'model':1,'messages':[{'role':'user','content':'Hi'}]}",
	 "field_invalid model"},
	{"no messages", "{'model':'m'}", "field_required messages"},
	{"no message", "{'model':'m','messages':[]}", "field_required messages"},
	{"messages as an object", "{'model':'m','messages':{}}", "field_invalid messages"},
	{"a message that is none", ONE("null"), "field_invalid messages[0]"},
	{"a message as a text", ONE("'Hi'"), "field_invalid messages[0]"},
	{"no role", ONE("{'content':'Hi'}"), "field_required messages[0].role"},
	{"an unknown role", ONE("{'role':'robot','content':'Hi'}"),
	 "field_invalid messages[0].role"},
	{"the role of before tools", ONE("{'role':'function','name':'f','content':'Hi'}"),
	 "parameter_unsupported messages[0].role"},
	{"no content", ONE("{'role':'user'}"), "field_required messages[0].content"},
	{"content as a number", USER("1"), "field_invalid messages[0].content"},
	{"a part that is none", USER("['a']"), "field_invalid messages[0].content[0]"},
	{"a null part", USER("[null]"), "field_invalid messages[0].content[0]"},
	{"a part without type", USER("[{'text':'a'}]"),
	 "field_required messages[0].content[0].type"},
	{"sound", USER("[{'type':'text','text':'a'},{'type':'input_audio','input_audio':{}}]"),
	 "parameter_unsupported messages[0].content[1].type"},
	{"a file", USER("[{'type':'file','file':{}}]"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"an image of the system",
	 ONE("{'role':'system','content':[{'type':'image_url','image_url':{'url':'" PNG "'}}]}"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"an image without address", USER("[{'type':'image_url','image_url':{}}]"),
	 "field_required messages[0].content[0].image_url.url"},
	{"an image by http", USER("[{'type':'image_url','image_url':{'url':'http://a/b'}}]"),
	 "field_invalid messages[0].content[0].image_url.url"},
	{"an image that is no base64",
	 USER("[{'type':'image_url','image_url':{'url':'data:image/png;base64,a*b='}}]"),
	 "field_invalid messages[0].content[0].image_url.url"},
	{"an image of a type that models do not take",
	 USER("[{'type':'image_url','image_url':{'url':'data:image/svg+xml;base64,AAAA'}}]"),
	 "field_invalid messages[0].content[0].image_url.url"},
	{"an unknown detail",
	 USER("[{'type':'image_url','image_url':{'url':'" PNG "','detail':'most'}}]"),
	 "field_invalid messages[0].content[0].image_url.detail"},
	{"a result without its call", ONE("{'role':'tool','content':'x'}"),
	 "field_required messages[0].tool_call_id"},
	{"an image as a result",
	 ONE("{'role':'tool','tool_call_id':'c','content':[{'type':'image_url'}]}"),
	 "parameter_unsupported messages[0].content[0].type"},
	{"a call of another kind",
	 ONE("{'role':'assistant','tool_calls':[{'id':'c','type':'custom'}]}"),
	 "field_required messages[0].tool_calls[0].function"},
	{"a custom call",
	 ONE("{'role':'assistant','tool_calls':[{'id':'c','type':'custom','function':{}}]}"),
	 "parameter_unsupported messages[0].tool_calls[0].type"},
	{"a call without a name",
	 ONE("{'role':'assistant','tool_calls':[{'id':'c','function':{'arguments':''}}]}"),
	 "field_required messages[0].tool_calls[0].function.name"},
	{"an old call", ONE("{'role':'assistant','function_call':{'name':'f'}}"),
	 "parameter_unsupported messages[0].function_call"},
	{"sound of before", ONE("{'role':'assistant','audio':{'id':'a'}}"),
	 "parameter_unsupported messages[0].audio"},
	{"a forged block of reasoning",
	 ONE("{'role':'assistant','content':'A','reasoning_details':[{'data':'limitless.gemini.e30'"
	     "}]}"),
	 "field_invalid messages[0].reasoning_details[0].data"},
	{"a block of an unknown API",
	 ONE("{'role':'assistant','content':'A','reasoning_details':[{'data':'limitless.demo.e30'}]"
	     "}"),
	 "field_invalid messages[0].reasoning_details[0].data"},
	{"tools as an object", WITH("'tools':{}"), "field_invalid tools"},
	{"a tool without function", WITH("'tools':[{'type':'function'}]"),
	 "field_required tools[0].function"},
	{"a custom tool", WITH("'tools':[{'type':'custom','function':{}}]"),
	 "parameter_unsupported tools[0].type"},
	{"a tool without a name", WITH("'tools':[{'type':'function','function':{}}]"),
	 "field_required tools[0].function.name"},
	{"a name with blanks", WITH("'tools':[{'type':'function','function':{'name':'a b'}}]"),
	 "field_invalid tools[0].function.name"},
	{"two of a name", WITH("'tools':[" LOOK "," LOOK "]"), "field_invalid tools[1]"},
	{"a tool that is none",
	 WITH("'tools':[" LOOK "],'tool_choice':{'type':'function','function':{"
	      "'name':'see'}}"),
	 "field_invalid tool_choice.function.name"},
	{"a choice among some", WITH("'tools':[" LOOK "],'tool_choice':{'type':'allowed_tools'}"),
	 "parameter_unsupported tool_choice.type"},
	{"a choice of another word", WITH("'tool_choice':'any'"), "field_invalid tool_choice"},
	{"a choice without tools", WITH("'tool_choice':'required'"), "field_invalid tool_choice"},
	{"an unknown format", WITH("'response_format':{'type':'xml'}"),
	 "field_invalid response_format.type"},
	{"a format without schema", WITH("'response_format':{'type':'json_schema'}"),
	 "field_required response_format.json_schema"},
	{"a schema that is none",
	 WITH("'response_format':{'type':'json_schema','json_schema':{'name':'a','schema':[]}}"),
	 "field_invalid response_format.json_schema.schema"},
	{"no tokens", WITH("'max_tokens':0"), "field_invalid max_tokens"},
	{"half a token", WITH("'max_tokens':1.5"), "field_invalid max_tokens"},
	{"more tokens than numbers", WITH("'max_tokens':99999999999999999999"),
	 "field_invalid max_tokens"},
	{"too hot", WITH("'temperature':2.5"), "field_invalid temperature"},
	{"a temperature as a text", WITH("'temperature':'1'"), "field_invalid temperature"},
	{"a share above one", WITH("'top_p':1.1"), "field_invalid top_p"},
	{"an empty stop", WITH("'stop':['a','']"), "field_invalid stop[1]"},
	{"a stop that is none", WITH("'stop':[1]"), "field_invalid stop[0]"},
	{"an unknown effort", WITH("'reasoning_effort':'most'"), "field_invalid reasoning_effort"},
	{"too many logprobs", WITH("'logprobs':true,'top_logprobs':21"),
	 "field_invalid top_logprobs"},
	{"top logprobs alone", WITH("'top_logprobs':2"), "field_invalid top_logprobs"},
	{"a stream that is no truth", WITH("'stream':1"), "field_invalid stream"},
	{"two answers", WITH("'n':2"), "parameter_unsupported n"},
	{"sound as an answer", WITH("'modalities':['text','audio']"),
	 "parameter_unsupported modalities[1]"},
	{"a voice", WITH("'audio':{'voice':'a'}"), "parameter_unsupported audio"},
	{"functions", WITH("'functions':[]"), "parameter_unsupported functions"},
	{"a search", WITH("'web_search_options':{}"), "parameter_unsupported web_search_options"},
	{"other models", WITH("'models':['dear']"), "parameter_unsupported models"},
	{"a dearer server", WITH("'provider':{'order':['dear']}"),
	 "parameter_unsupported provider"},
	{"a dearer tier", WITH("'service_tier':'priority'"), "parameter_unsupported service_tier"},
};

static void test_chat_completions_requests_that_are_good(void **state)
{
	(void)state;
	check_read(&dialect_chat_completions, good, ARRAY_SIZE(good));
}

static void test_chat_completions_requests_that_are_refused(void **state)
{
	(void)state;
	check_read(&dialect_chat_completions, bad, ARRAY_SIZE(bad));
}

/* ---------------------------------------------------------------- answers */

#define HEAD(object)                                                                           \
	"{'id':'chatcmpl-0190a0000000700080000000000000aa','object':'" object                  \
	"','created':1700000000,'model':'the-model','service_tier':'default','system_fingerpr" \
	"int':null,'choices':["
#define CHUNK(delta, reason)          \
	HEAD("chat.completion.chunk") \
	"{'index':0,'delta':{" delta "},'logprobs':null,'finish_reason':" reason "}]}\n"
#define COUNTED(delta, reason)                                                         \
	HEAD("chat.completion.chunk")                                                  \
	"{'index':0,'delta':{" delta "},'logprobs':null,'finish_reason':" reason "}]," \
	"'usage':null}\n"
#define COUNTS(usage) HEAD("chat.completion.chunk") "]," usage "}\n"
#define ROLE CHUNK("'role':'assistant','content':'','refusal':null", "null")
#define DONE "[DONE]"
#define USAGE(prompt, completion, total, cached, reasoning)                             \
	"'usage':{'prompt_tokens':" prompt ",'completion_tokens':" completion           \
	",'total_tokens':" total ",'prompt_tokens_details':{'cached_tokens':" cached    \
	",'audio_tokens':0},'completion_tokens_details':{'reasoning_tokens':" reasoning \
	",'audio_tokens':0,'accepted_prediction_tokens':0,'rejected_prediction_tokens':0}}"
#define NO_USAGE USAGE("0", "0", "0", "0", "0")
#define WHOLE(message, logprobs, reason, usage)                                      \
	HEAD("chat.completion")                                                      \
	"{'index':0,'message':{'role':'assistant'," message "},'logprobs':" logprobs \
	",'finish_reason':'" reason "'}]," usage "}"
#define PLAIN_MEMBERS "'refusal':null,'annotations':[]"
#define CALL(index, id, name) \
	"I{'type':'tool_call','index':" index ",'id':'" id "','name':'" name "'}\n"
#define ARGUMENTS(index, delta) "I{'type':'tool_arguments','index':" index ",'delta':'" delta "'}\n"
#define SIGNED "I{'type':'reasoning','api':'gemini','data':{'on':'text'}}\n"
#define DETAIL                                                                             \
	"'reasoning_details':[{'type':'reasoning.encrypted','format':'limitless','data':'" \
	"limitless.gemini.eyJvbiI6InRleHQifQ','id':null,'index':0}]"
#define LOGPROBS "[{'token':'a','logprob':-0.5,'bytes':[97],'top_logprobs':[]}]"
#define STREAM "'stream':true"

static const struct write_row answers[] = {
	{"a stream", STREAM, "THel\nTlo\nU9/3/0/0/0\nD1",
	 ROLE CHUNK("'content':'Hel'", "null") CHUNK("'content':'lo'", "null") CHUNK("", "'stop'")
		 DONE},
	{"a stream with usage", "'stream':true,'stream_options':{'include_usage':true}",
	 "Ta\nU9/3/4/1/2\nD2",
	 COUNTED("'role':'assistant','content':'','refusal':null", "null")
		 COUNTED("'content':'a'", "null") COUNTED("", "'length'")
			 COUNTS(USAGE("9", "3", "12", "4", "2")) DONE},
	{"thoughts", STREAM, "Rhm\nTa\nD1",
	 ROLE CHUNK("'reasoning_content':'hm'", "null") CHUNK("'content':'a'", "null")
		 CHUNK("", "'stop'") DONE},
	{"calls", STREAM,
	 CALL("0", "c1", "look") ARGUMENTS("0", "{") ARGUMENTS("0", "}")
		 CALL("1", "c2", "see") "D5",
	 ROLE CHUNK("'tool_calls':[{'index':0,'id':'c1','type':'function','function':{'"
		    "name':'look',"
		    "'arguments':''}}]",
		    "null") CHUNK("'tool_calls':[{'index':0,'function':{'arguments':'{'}}]", "null")
		 CHUNK("'tool_calls':[{'index':0,'function':{'arguments':'}'}}]", "null")
			 CHUNK("'tool_calls':[{'index':1,'id':'c2','type':'function',"
			       "'function':{'name':'see','arguments':''}}]",
			       "null") CHUNK("", "'tool_calls'") DONE},
	{"a call that a provider ends with stop", STREAM, CALL("0", "c1", "look") "D1",
	 ROLE CHUNK("'tool_calls':[{'index':0,'id':'c1','type':'function','function':{'"
		    "name':'look',"
		    "'arguments':''}}]",
		    "null") CHUNK("", "'tool_calls'") DONE},
	{"arguments of no call", STREAM, ARGUMENTS("0", "{}") "D1", ROLE CHUNK("", "'stop'") DONE},
	{"blocks come with the last chunk", STREAM, SIGNED "Ta\nD1",
	 ROLE CHUNK("'content':'a'", "null") CHUNK(DETAIL, "'stop'") DONE},
	{"logprobs", "'stream':true,'logprobs':true",
	 "Ta\nI{'type':'logprobs','content':" LOGPROBS "}\nD1",
	 ROLE CHUNK("'content':'a'", "null") HEAD(
		 "chat.completion.chunk") "{'index':0,'delta':{},'logprobs':{'content'"
					  ":" LOGPROBS ",'refusal':null},'finish_reason':null}]}"
					  "\n" CHUNK("", "'stop'") DONE},
	{"a source", STREAM, "Tab\nI{'type':'citation','url':'https://a','title':'A'}\nD1",
	 ROLE CHUNK("'content':'ab'", "null")
		 CHUNK("'annotations':[{'type':'url_citation','url_citation':{'url':'https://a',"
		       "'title':'A','start_index':2,'end_index':2}}]",
		       "null") CHUNK("", "'stop'") DONE},
	{"items that nobody knows", STREAM, "I{'type':'other'}\nI[]\nI{\nD1",
	 ROLE CHUNK("", "'stop'") DONE},
	{"filtered", STREAM, "D4", ROLE CHUNK("", "'content_filter'") DONE},
	{"cancelled", STREAM, "D3", ROLE CHUNK("", "'stop'") DONE},
	{"a new try before anything was shown", STREAM, "X\nTa\nD1",
	 ROLE CHUNK("'content':'a'", "null") CHUNK("", "'stop'") DONE},
	{"a new try after text", STREAM, "Ta\nX\nTb\nD1",
	 ROLE CHUNK("'content':'a'", "null") "GAVE UP"},
	{"a failure after text", STREAM, "Ta\nF", ROLE CHUNK("'content':'a'", "null") "FAILED"},
	{"nothing after the end", STREAM, "D1\nTa\nD1", ROLE CHUNK("", "'stop'") DONE},
	{"whole", "", "THel\nTlo\nU9/3/4/1/2\nD1",
	 WHOLE("'content':'Hello'," PLAIN_MEMBERS, "null", "stop",
	       USAGE("9", "3", "12", "4", "2"))},
	{"whole and empty", "", "D1",
	 WHOLE("'content':''," PLAIN_MEMBERS, "null", "stop", NO_USAGE)},
	{"whole, with everything", "",
	 "Rh\nRm\n" SIGNED "Ta\n" CALL("0", "c1", "look") ARGUMENTS("0", "{")
		 ARGUMENTS("0", "}") "Tb\nD5",
	 WHOLE("'content':'ab'," PLAIN_MEMBERS ",'reasoning_content':'hm'," DETAIL
	       ",'tool_calls':[{'id':'c1','type':'function','function':{'name':'look','"
	       "arguments':'{}'"
	       "}}]",
	       "null", "tool_calls", NO_USAGE)},
	{"a call alone", "", CALL("0", "c1", "look") "D5",
	 WHOLE("'content':null," PLAIN_MEMBERS
	       ",'tool_calls':[{'id':'c1','type':'function','function':{'name':'look','"
	       "arguments':''}}]",
	       "null", "tool_calls", NO_USAGE)},
	{"whole, with logprobs", "'logprobs':true",
	 "Ta\nI{'type':'logprobs','content':" LOGPROBS "}\nI{'type':'logprobs','content':" LOGPROBS
	 "}\nD1",
	 WHOLE("'content':'a'," PLAIN_MEMBERS,
	       "{'content':[{'token':'a','logprob':-0.5,'bytes':[97],'top_logprobs':[]},{'"
	       "token':'a',"
	       "'logprob':-0.5,'bytes':[97],'top_logprobs':[]}],'refusal':null}",
	       "stop", NO_USAGE)},
	{"whole, of OpenRouter's blocks", "",
	 "I{'type':'reasoning','api':'openai','data':[{'type':'reasoning.text','text':'a'}]"
	 "}\nTa\nD1",
	 WHOLE("'content':'a'," PLAIN_MEMBERS
	       ",'reasoning_details':[{'type':'reasoning.text','text':'a'}]",
	       "null", "stop", NO_USAGE)},
	{"whole, of the second try", "", "Ta\n" CALL("0", "c1", "look") "X\nTb\nD1",
	 WHOLE("'content':'b'," PLAIN_MEMBERS, "null", "stop", NO_USAGE)},
	{"whole, failed", "", "Ta\nF", "FAILED"},
};

static void test_chat_completions_answers(void **state)
{
	(void)state;
	check_write(&dialect_chat_completions, LEAST, answers, ARRAY_SIZE(answers));
}

/* ---------------------------------------------------------------- both forms say the same */

static void join_calls(json_t *message, json_t *calls)
{
	json_t *list = json_object_get(message, "tool_calls"), *call, *known;
	size_t i;

	json_array_foreach(calls, i, call)
	{
		size_t index = (size_t)json_integer_value(json_object_get(call, "index"));

		if (!list) {
			list = json_array();
			json_object_set_new(message, "tool_calls", list);
		}
		if (index == json_array_size(list)) {
			json_array_append_new(list, json_deep_copy(call));
			json_object_del(json_array_get(list, index), "index");
			continue;
		}
		known = json_object_get(json_array_get(list, index), "function");
		join_text(known, "arguments",
			  json_string_value(
				  json_object_get(json_object_get(call, "function"), "arguments")));
	}
}

static void join_delta(json_t *message, json_t *delta)
{
	json_t *details = json_object_get(delta, "reasoning_details");
	const char *text = json_string_value(json_object_get(delta, "content"));
	const char *thought = json_string_value(json_object_get(delta, "reasoning_content"));

	if (text)
		join_text(message, "content", text);
	if (thought)
		join_text(message, "reasoning_content", thought);
	if (details)
		json_object_set(message, "reasoning_details", details);
	join_calls(message, json_object_get(delta, "tool_calls"));
}

static json_t *join(json_t *events)
{
	json_t *ret = json_deep_copy(json_array_get(events, 0)), *event;
	json_t *message = json_pack("{s:s, s:s, s:n, s:[]}", "role", "assistant", "content", "",
				    "refusal", "annotations");
	json_t *reason = json_null();
	size_t i;

	json_array_foreach(events, i, event)
	{
		json_t *choice = json_array_get(json_object_get(event, "choices"), 0);

		join_delta(message, json_object_get(choice, "delta"));
		if (json_is_string(json_object_get(choice, "finish_reason")))
			reason = json_object_get(choice, "finish_reason");
		json_object_set(ret, "usage", json_object_get(event, "usage"));
	}
	if (json_object_get(message, "tool_calls") &&
	    json_string_length(json_object_get(message, "content")) == 0)
		json_object_set_new(message, "content", json_null());
	json_object_set_new(ret, "object", json_string("chat.completion"));
	json_object_set_new(ret, "choices",
			    json_pack("[{s:i, s:o, s:n, s:O}]", "index", 0, "message", message,
				      "logprobs", "finish_reason", reason));
	return ret;
}

static void test_chat_completions_whole_is_the_stream(void **state)
{
	(void)state;
	check_whole(&dialect_chat_completions, LEAST, join);
}

static void test_chat_completions_large_bodies(void **state)
{
	(void)state;
	check_hostile(&dialect_chat_completions, LEAST, ",'user':'", "a", "'");
	check_hostile(&dialect_chat_completions, "'model':'m'",
		      ",'messages':[{'role':'user','content':'", "\\u00e4", "'}]");
	check_hostile(&dialect_chat_completions, "'model':'m'",
		      ",'messages':[{'role':'user','content':[", "{'type':'text','text':'a'}",
		      "]}]");
	check_hostile(&dialect_chat_completions, "'model':'m'", ",'messages':[",
		      "{'role':'user','content':[{'type':'text','text':'a'}]}", "]");
	check_hostile(&dialect_chat_completions, "'model':'m'",
		      ",'messages':[{'role':'assistant','tool_calls':[",
		      "{'id':'a','function':{'name':'f','arguments':'{}'}}", "]}]");
	check_hostile(
		&dialect_chat_completions, "'model':'m'",
		",'messages':[{'role':'user','content':[{'type':'image_url','image_url':{'url':"
		"'data:image/png;base64,",
		"AAAA", "'}}]}]");
}

int chat_completions_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chat_completions_requests_that_are_good),
		cmocka_unit_test(test_chat_completions_requests_that_are_refused),
		cmocka_unit_test(test_chat_completions_answers),
		cmocka_unit_test(test_chat_completions_whole_is_the_stream),
		cmocka_unit_test(test_chat_completions_large_bodies),
	};

	return cmocka_run_group_tests_name("chat_completions", tests, NULL, NULL);
}
