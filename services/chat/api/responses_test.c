#include "dialect_test.h"

#define LEAST "'model':'m','input':'Hi'"
#define HI " | user: Hi"
#define INPUT(items) "{'model':'m','input':[" items "]}"
#define USER(content) INPUT("{'role':'user','content':" content "}")
#define WITH(members) "{" LEAST "," members "}"
#define LOOK "{'type':'function','name':'look','parameters':{'type':'object'}}"
#define LOOKS " tool(look,{'type':'object'})"
#define PNG "data:image/png;base64,iVBORw0="
#define CALL_ITEM(id) "{'type':'function_call','call_id':'" id "','name':'look','arguments':'{}'}"
#define OWN "{'type':'reasoning','id':'rs_1','summary':[],'encrypted_content':'gAAA=='}"

static const struct read_row good[] = {
	{"least", "{" LEAST "}", "m" HI},
	{"instructions", WITH("'instructions':'S'"), "m | system: S" HI},
	{"members that are null",
	 WITH("'instructions':null,'previous_response_id':null,'tools':null,'background':null,'"
	      "conversati"
	      "on':null,'prompt':null,'text':null,'reasoning':null"),
	 "m" HI},
	{"a message", USER("'Hi'"), "m | user: text(Hi)"},
	{"a message by its type", INPUT("{'type':'message','role':'user','content':'Hi'}"),
	 "m | user: text(Hi)"},
	{"roles",
	 INPUT("{'role':'system','content':'S'},{'role':'developer','content':'D'},{'role':'user','"
	       "conten"
	       "t':'U'},{'role':'assistant','content':'A'}"),
	 "m | system: text(S) | system: text(D) | user: text(U) | assistant: text(A)"},
	{"parts",
	 USER("[{'type':'input_text','text':'see'},{'type':'input_image','image_url':'" PNG
	      "','detail':'high'}]"),
	 "m | user: text(see) image(" PNG ",high)"},
	{"an answer of before, as it was",
	 INPUT("{'type':'message','id':'msg_1','status':'completed','role':'assistant','content':[{"
	       "'type'"
	       ":'output_text','text':'A','annotations':[],'logprobs':[]}]}"),
	 "m | assistant: text(A)"},
	{"a refusal", INPUT("{'role':'assistant','content':[{'type':'refusal','refusal':'No.'}]}"),
	 "m | assistant: text(No.)"},
	{"the model's items are one message",
	 INPUT("{'role':'user','content':'Hi'}," OWN
	       ",{'role':'assistant','content':'Well'}," CALL_ITEM("c1") "," CALL_ITEM(
		       "c2") ",{'type':'function_call_output','call_id':'c1','output':'R'},{'type':"
			     "'function_call_output','call_id':'c2','output':[{'type':'input_text',"
			     "'text':'x'},{'type':'input_text','text':'y'}]}"),
	 "m | user: text(Hi) | assistant: thought(openai_responses," OWN
	 ") text(Well) call(c1,look,{}) call(c2,look,{}) | user: result(c1,R) | user: "
	 "result(c2,xy)"},
	{"an image as a result",
	 INPUT("{'type':'function_call_output','call_id':'c1','output':[{'type':'input_image','"
	       "image_url'"
	       ":'" PNG "'},{'type':'input_text','text':'see'}]}"),
	 "m | user: result(c1,see) image(" PNG ")"},
	{"our block of reasoning",
	 INPUT("{'type':'reasoning','id':'rs_2','summary':[{'type':'summary_text','text':'hm'}],'"
	       "encrypte"
	       "d_content':'limitless.gemini.eyJvbiI6InRleHQifQ'},{'role':'assistant','content':'A'"
	       "}"),
	 "m | assistant: thought(gemini,{'on':'text'}) text(A)"},
	{"reasoning without its content",
	 INPUT("{'type':'reasoning','id':'rs_2','summary':[]},{'role':'assistant','content':'A'}"),
	 "m | assistant: text(A)"},
	{"a tool",
	 WITH("'tools':[{'type':'function','name':'look','description':'Looks.','parameters':{'"
	      "type':"
	      "'object'},'strict':true}]"),
	 "m tool(look!,Looks.,{'type':'object'})" HI},
	{"a choice of auto", WITH("'tools':[" LOOK "],'tool_choice':'auto'"), "m" LOOKS HI},
	{"a choice of none", WITH("'tools':[" LOOK "],'tool_choice':'none'"),
	 "m" LOOKS " choice=none" HI},
	{"a tool that must be", WITH("'tools':[" LOOK "],'tool_choice':'required'"),
	 "m" LOOKS " choice=required" HI},
	{"this tool, once",
	 WITH("'tools':[" LOOK
	      "],'tool_choice':{'type':'function','name':'look'},'parallel_tool_calls':false"),
	 "m" LOOKS " choice=one:look single" HI},
	{"several at a time", WITH("'tools':[" LOOK "],'parallel_tool_calls':true"), "m" LOOKS HI},
	{"text", WITH("'text':{'format':{'type':'text'}}"), "m" HI},
	{"JSON", WITH("'text':{'format':{'type':'json_object'}}"), "m json" HI},
	{"a schema",
	 WITH("'text':{'format':{'type':'json_schema','name':'out','strict':true,'schema':{'type':'"
	      "object"
	      "'}}}"),
	 "m schema(out!,{'type':'object'})" HI},
	{"many words", WITH("'text':{'verbosity':'high'}"),
	 "m openai_responses{'text':{'verbosity':'high'}}" HI},
	{"effort", WITH("'reasoning':{'effort':'low','summary':'auto'}"), "m effort=low" HI},
	{"settings", WITH("'max_output_tokens':16,'temperature':0.5,'top_p':0.25"),
	 "m max=16 t=0.5 p=0.25" HI},
	{"a stream", WITH("'stream':true,'stream_options':{'include_obfuscation':false}"),
	 "m stream" HI},
	{"nothing is stored", WITH("'store':true,'metadata':{'a':'b'}"), "m" HI},
	{"store is false", WITH("'store':false,'background':false"), "m" HI},
	{"logprobs", WITH("'include':['message.output_text.logprobs'],'top_logprobs':5"),
	 "m logprobs=5" HI},
	{"sources of tools that are not there",
	 WITH("'include':['reasoning.encrypted_content','web_search_call.action.sources']"),
	 "m" HI},
	{"a key of the cache", WITH("'prompt_cache_key':'k'"), "m key=k" HI},
	{"no truncation", WITH("'truncation':'disabled'"), "m" HI},
	{"truncation where the provider can", WITH("'truncation':'auto'"),
	 "m openai_responses{'truncation':'auto'}" HI},
	{"the usual tier", WITH("'service_tier':'default'"), "m" HI},
	{"what goes on as it is",
	 WITH("'user':'u','safety_identifier':'s','max_tool_calls':3,'x_new':[1]"),
	 "m "
	 "openai_responses{'user':'u','safety_identifier':'s','max_tool_calls':3,'x_new':[1]}" HI},
};

static const struct read_row bad[] = {
	{"nothing", "", "json_invalid"},
	{"a member twice", WITH("'model':'x'"), "json_invalid"},
	{"no model", "{'input':'Hi'}", "field_required model"},
	{"an empty model", "{'model':'','input':'Hi'}", "field_required model"},
	{"no input", "{'model':'m'}", "field_required input"},
	{"an empty input", "{'model':'m','input':[]}", "field_required input"},
	{"input as an object", "{'model':'m','input':{}}", "field_invalid input"},
	{"a NUL", "{'model':'m','input':'\\u0000'}", "text_invalid input"},
	{"instructions as a list", WITH("'instructions':[]"), "field_invalid instructions"},
	{"an item that is none", INPUT("'Hi'"), "field_invalid input[0]"},
	{"a null item", INPUT("null"), "field_invalid input[0]"},
	{"an item without role", INPUT("{'content':'Hi'}"), "field_required input[0].role"},
	{"an unknown role", INPUT("{'role':'tool','content':'Hi'}"), "field_invalid input[0].role"},
	{"no content", INPUT("{'role':'user'}"), "field_required input[0].content"},
	{"content as a number", USER("1"), "field_invalid input[0].content"},
	{"a part that is none", USER("['a']"), "field_invalid input[0].content[0]"},
	{"a null part", USER("[null]"), "field_invalid input[0].content[0]"},
	{"a part without type", USER("[{'text':'a'}]"), "field_required input[0].content[0].type"},
	{"a part without text", USER("[{'type':'input_text'}]"),
	 "field_required input[0].content[0].text"},
	{"a file", USER("[{'type':'input_file','file_id':'f'}]"),
	 "parameter_unsupported input[0].content[0].type"},
	{"sound", USER("[{'type':'input_text','text':'a'},{'type':'input_audio'}]"),
	 "parameter_unsupported input[0].content[1].type"},
	{"an image of a file", USER("[{'type':'input_image','file_id':'f'}]"),
	 "parameter_unsupported input[0].content[0].file_id"},
	{"an image without address", USER("[{'type':'input_image'}]"),
	 "field_required input[0].content[0].image_url"},
	{"an image by http", USER("[{'type':'input_image','image_url':'http://a'}]"),
	 "field_invalid input[0].content[0].image_url"},
	{"an unknown detail",
	 USER("[{'type':'input_image','image_url':'" PNG "','detail':'original'}]"),
	 "field_invalid input[0].content[0].detail"},
	{"an image of the model",
	 INPUT("{'role':'assistant','content':[{'type':'input_image','image_url':'" PNG "'}]}"),
	 "parameter_unsupported input[0].content[0].type"},
	{"a call without id", INPUT("{'type':'function_call','name':'look','arguments':'{}'}"),
	 "field_required input[0].call_id"},
	{"a call without name", INPUT("{'type':'function_call','call_id':'c','arguments':'{}'}"),
	 "field_required input[0].name"},
	{"a call without arguments", INPUT("{'type':'function_call','call_id':'c','name':'look'}"),
	 "field_required input[0].arguments"},
	{"arguments as an object",
	 INPUT("{'type':'function_call','call_id':'c','name':'look','arguments':{}}"),
	 "field_invalid input[0].arguments"},
	{"a result without its call", INPUT("{'type':'function_call_output','output':'R'}"),
	 "field_required input[0].call_id"},
	{"a result without output", INPUT("{'type':'function_call_output','call_id':'c'}"),
	 "field_required input[0].output"},
	{"a file as a result",
	 INPUT("{'type':'function_call_output','call_id':'c','output':[{'type':'input_file'}]}"),
	 "parameter_unsupported input[0].output[0].type"},
	{"an item by its id",
	 INPUT("{'role':'user','content':'a'},{'type':'item_reference','id':'x'}"),
	 "parameter_unsupported input[1].type"},
	{"a search of before", INPUT("{'type':'web_search_call','id':'x'}"),
	 "parameter_unsupported input[0].type"},
	{"a custom call", INPUT("{'type':'custom_tool_call','call_id':'x'}"),
	 "parameter_unsupported input[0].type"},
	{"a forged block of reasoning",
	 INPUT("{'type':'reasoning','summary':[],'encrypted_content':'limitless.anthropic.e30'}"),
	 "field_invalid input[0].encrypted_content"},
	{"half a block of reasoning",
	 INPUT("{'type':'reasoning','summary':[],'encrypted_content':'limitless.anthropic'}"),
	 "field_invalid input[0].encrypted_content"},
	{"a response of before", WITH("'previous_response_id':'resp_1'"),
	 "parameter_unsupported previous_response_id"},
	{"a conversation", WITH("'conversation':'conv_1'"), "parameter_unsupported conversation"},
	{"in the background", WITH("'background':true"), "parameter_unsupported background"},
	{"a template", WITH("'prompt':{'id':'p'}"), "parameter_unsupported prompt"},
	{"tools as an object", WITH("'tools':{}"), "field_invalid tools"},
	{"a tool of theirs", WITH("'tools':[" LOOK ",{'type':'web_search'}]"),
	 "parameter_unsupported tools[1].type"},
	{"a tool without type", WITH("'tools':[{'name':'look'}]"), "field_required tools[0].type"},
	{"a tool without name", WITH("'tools':[{'type':'function'}]"),
	 "field_required tools[0].name"},
	{"a tool in the format of chats",
	 WITH("'tools':[{'type':'function','function':{'name':'look'}}]"),
	 "field_required tools[0].name"},
	{"two of a name", WITH("'tools':[" LOOK "," LOOK "]"), "field_invalid tools[1]"},
	{"another tool", WITH("'tools':[" LOOK "],'tool_choice':{'type':'function','name':'see'}"),
	 "field_invalid tool_choice.name"},
	{"a choice among some", WITH("'tool_choice':{'type':'allowed_tools','mode':'auto'}"),
	 "parameter_unsupported tool_choice.type"},
	{"a choice without tools", WITH("'tool_choice':'required'"), "field_invalid tool_choice"},
	{"an unknown format", WITH("'text':{'format':{'type':'grammar'}}"),
	 "field_invalid text.format.type"},
	{"a format without schema", WITH("'text':{'format':{'type':'json_schema','name':'a'}}"),
	 "field_required text.format.schema"},
	{"an unknown effort", WITH("'reasoning':{'effort':'most'}"),
	 "field_invalid reasoning.effort"},
	{"reasoning as a word", WITH("'reasoning':'low'"), "field_invalid reasoning"},
	{"an unknown part to include", WITH("'include':['everything']"),
	 "field_invalid include[0]"},
	{"too many logprobs", WITH("'top_logprobs':21"), "field_invalid top_logprobs"},
	{"no tokens", WITH("'max_output_tokens':0"), "field_invalid max_output_tokens"},
	{"too hot", WITH("'temperature':3"), "field_invalid temperature"},
	{"an unknown truncation", WITH("'truncation':'some'"), "field_invalid truncation"},
	{"a dearer tier", WITH("'service_tier':'flex'"), "parameter_unsupported service_tier"},
	{"metadata as a text", WITH("'metadata':'a'"), "field_invalid metadata"},
	{"store as a text", WITH("'store':'no'"), "field_invalid store"},
};

static void test_responses_requests_that_are_good(void **state)
{
	(void)state;
	check_read(&dialect_responses, good, ARRAY_SIZE(good));
}

static void test_responses_requests_that_are_refused(void **state)
{
	(void)state;
	check_read(&dialect_responses, bad, ARRAY_SIZE(bad));
}

/* ---------------------------------------------------------------- answers */

#define GENERATION "0190a0000000700080000000000000aa"
#define ECHO_OF(metadata)                                                                         \
	"'background':false,'previous_response_id':null,'store':false,'service_tier':'default',"  \
	"'instructions':null,'max_output_tokens':null,'max_tool_calls':null,'metadata':" metadata \
	",'parallel_tool_calls':true,'prompt_cache_key':null,'reasoning':{'effort':null,'summar"  \
	"y':null},'safety_identifier':null,'temperature':1.0,'text':{'format':{'type':'text'}},'" \
	"tool_choice':'auto','tools':[],'top_logprobs':0,'top_p':1.0,'truncation':'disabled','us" \
	"er':null,"
#define RESPONSE_OF(echo, status, error, details, output, usage)                             \
	"{'id':'resp_" GENERATION                                                            \
	"','object':'response','created_at':1700000000,'status':'" status "','error':" error \
	",'incomplete_details':" details "," echo "'model':'the-model','output':[" output    \
	"],'usage':" usage "}"
#define RESPONSE(status, details, output, usage) \
	RESPONSE_OF(ECHO_OF("{}"), status, "null", details, output, usage)
#define COUNTS(input, cached, output, reasoning, total)                                       \
	"{'input_tokens':" input ",'input_tokens_details':{'cached_tokens':" cached           \
	"},'output_tokens':" output ",'output_tokens_details':{'reasoning_tokens':" reasoning \
	"},'total_tokens':" total "}"
#define NO_COUNTS COUNTS("0", "0", "0", "0", "0")
#define EVENT(type, number, members) \
	"{'type':'response." type "','sequence_number':" number "," members "}\n"
#define BEGIN                                                                            \
	EVENT("created", "0", "'response':" RESPONSE("in_progress", "null", "", "null")) \
	EVENT("in_progress", "1", "'response':" RESPONSE("in_progress", "null", "", "null"))
#define LAST(type, number, details, output, usage)              \
	"{'type':'response." type "','sequence_number':" number \
	",'response':" RESPONSE(type, details, output, usage) "}"
#define ITEM(type, number, index, item) \
	EVENT("output_item." type, number, "'output_index':" index ",'item':" item)
#define IN(type, number, index, id, members) \
	EVENT(type, number, "'output_index':" index ",'item_id':'" id "'" members)
#define PART_OF(notes, logprobs, text)                                                            \
	"{'type':'output_text','annotations':[" notes "],'logprobs':[" logprobs "],'text':'" text \
	"'}"
#define PART(text) PART_OF("", "", text)
#define MSG(index) "msg_" GENERATION "_" index
#define RS(index) "rs_" GENERATION "_" index
#define FC(index) "fc_" GENERATION "_" index
#define MESSAGE(index, status, parts)                               \
	"{'id':'" MSG(index) "','type':'message','status':'" status \
			     "','role':'assistant','content':[" parts "]}"
#define CALLED(index, status, arguments, id, name)                       \
	"{'id':'" FC(index) "','type':'function_call','status':'" status \
			    "','arguments':'" arguments "','call_id':'" id "','name':'" name "'}"
#define THOUGHT(index, summary, more) \
	"{'id':'" RS(index) "','type':'reasoning','summary':[" summary "]" more "}"
#define SUMMARY(text) "{'type':'summary_text','text':'" text "'}"
#define OPEN_TEXT(number, next, index)                                  \
	ITEM("added", number, index, MESSAGE(index, "in_progress", "")) \
	IN("content_part.added", next, index, MSG(index), ",'content_index':0,'part':" PART(""))
#define DELTA(number, index, text)                         \
	IN("output_text.delta", number, index, MSG(index), \
	   ",'content_index':0,'delta':'" text "','logprobs':[]")
#define CLOSE_TEXT(number, next, last, index, status, text)                                       \
	IN("output_text.done", number, index, MSG(index),                                         \
	   ",'content_index':0,'text':'" text "','logprobs':[]")                                  \
	IN("content_part.done", next, index, MSG(index), ",'content_index':0,'part':" PART(text)) \
	ITEM("done", last, index, MESSAGE(index, status, PART(text)))
#define STREAM "'stream':true"
#define CALL(index, id, name) \
	"I{'type':'tool_call','index':" index ",'id':'" id "','name':'" name "'}\n"
#define ARGUMENTS(index, delta) "I{'type':'tool_arguments','index':" index ",'delta':'" delta "'}\n"
#define SIGNED "I{'type':'reasoning','api':'gemini','data':{'on':'text'}}\n"
#define ENCRYPTED ",'encrypted_content':'limitless.gemini.eyJvbiI6InRleHQifQ'"
#define LOGPROB "{'token':'a','logprob':-0.5,'bytes':[97],'top_logprobs':[]}"
#define NOTE "{'type':'url_citation','url':'https://a','title':'A','start_index':1,'end_index':1}"

static const struct write_row answers[] = {
	{"a stream", STREAM, "THel\nTlo\nU9/3/4/1/2\nD1",
	 BEGIN OPEN_TEXT("2", "3", "0") DELTA("4", "0", "Hel") DELTA("5", "0", "lo")
		 CLOSE_TEXT("6", "7", "8", "0", "completed", "Hello")
			 LAST("completed", "9", "null", MESSAGE("0", "completed", PART("Hello")),
			      COUNTS("9", "4", "3", "2", "12"))},
	{"an empty answer", STREAM, "D1", BEGIN LAST("completed", "2", "null", "", NO_COUNTS)},
	{"too long", STREAM, "Ta\nD2",
	 BEGIN OPEN_TEXT("2", "3", "0") DELTA("4", "0", "a")
		 CLOSE_TEXT("5", "6", "7", "0", "incomplete", "a")
			 LAST("incomplete", "8", "{'reason':'max_output_tokens'}",
			      MESSAGE("0", "incomplete", PART("a")), NO_COUNTS)},
	{"filtered", STREAM, "D4",
	 BEGIN LAST("incomplete", "2", "{'reason':'content_filter'}", "", NO_COUNTS)},
	{"thoughts, then text", STREAM, "Rh\nRm\nTa\nD1",
	 BEGIN ITEM("added", "2", "0", THOUGHT("0", "", "")) IN(
		 "reasoning_summary_part.added", "3", "0", RS("0"),
		 ",'summary_index':0,'part':" SUMMARY("")) IN("reasoning_summary_text.delta", "4",
							      "0", RS("0"),
							      ",'summary_index':0,'delta':'h'")
		 IN("reasoning_summary_text.delta", "5", "0", RS("0"),
		    ",'summary_index':0,'delta':'m'") IN("reasoning_summary_text.done", "6", "0",
							 RS("0"), ",'summary_index':0,'text':'hm'")
			 IN("reasoning_summary_part.done", "7", "0", RS("0"),
			    ",'summary_index':0,'part':" SUMMARY("hm"))
				 ITEM("done", "8", "0", THOUGHT("0", SUMMARY("hm"), ""))
					 OPEN_TEXT("9", "10", "1") DELTA("11", "1", "a") CLOSE_TEXT(
						 "12", "13", "14", "1", "completed", "a")
						 LAST("completed", "15", "null",
						      THOUGHT("0", SUMMARY("hm"), "") "," MESSAGE(
							      "1", "completed", PART("a")),
						      NO_COUNTS)},
	{"an encrypted thought that is wanted",
	 "'stream':true,'include':['reasoning.encrypted_content']", SIGNED "D1",
	 BEGIN ITEM("added", "2", "0", THOUGHT("0", "", ""))
		 ITEM("done", "3", "0", THOUGHT("0", "", ENCRYPTED))
			 LAST("completed", "4", "null", THOUGHT("0", "", ENCRYPTED), NO_COUNTS)},
	{"an encrypted thought that is not wanted", STREAM, SIGNED "D1",
	 BEGIN LAST("completed", "2", "null", "", NO_COUNTS)},
	{"a call", STREAM, CALL("0", "c1", "look") ARGUMENTS("0", "{") ARGUMENTS("0", "}") "D5",
	 BEGIN ITEM("added", "2", "0", CALLED("0", "in_progress", "", "c1", "look"))
		 IN("function_call_arguments.delta", "3", "0", FC("0"), ",'delta':'{'") IN(
			 "function_call_arguments.delta", "4", "0", FC("0"),
			 ",'delta':'}'") IN("function_call_arguments.done", "5", "0", FC("0"),
					    ",'name':'look','arguments':'{}'")
			 ITEM("done", "6", "0", CALLED("0", "completed", "{}", "c1", "look"))
				 LAST("completed", "7", "null",
				      CALLED("0", "completed", "{}", "c1", "look"), NO_COUNTS)},
	{"logprobs and a source", STREAM,
	 "Ta\nI{'type':'logprobs','content':[" LOGPROB
	 "]}\nI{'type':'citation','url':'https://a','title':'A'}\nD1",
	 BEGIN OPEN_TEXT("2", "3", "0") DELTA("4", "0", "a") IN(
		 "output_text.delta", "5", "0", MSG("0"),
		 ",'content_index':0,'delta':'','logprobs':[" LOGPROB
		 "]") IN("output_text.annotation.added", "6", "0", MSG("0"),
			 ",'content_index':0,'annotation_index':0,'annotation':" NOTE)
		 IN("output_text.done", "7", "0", MSG("0"),
		    ",'content_index':0,'text':'a','logprobs':[" LOGPROB "]")
			 IN("content_part.done", "8", "0", MSG("0"),
			    ",'content_index':0,'part':" PART_OF(NOTE, LOGPROB, "a"))
				 ITEM("done", "9", "0",
				      MESSAGE("0", "completed", PART_OF(NOTE, LOGPROB, "a")))
					 LAST("completed", "10", "null",
					      MESSAGE("0", "completed",
						      PART_OF(NOTE, LOGPROB, "a")),
					      NO_COUNTS)},
	{"a failure after text", STREAM, "Ta\nF",
	 BEGIN OPEN_TEXT("2", "3", "0")
		 DELTA("4", "0", "a") "{'type':'response.failed','sequence_number':5,'response'"
				      ":" RESPONSE_OF(ECHO_OF("{}"), "failed",
						      "{'code':'server_error','message':'no "
						      "provider \\'answers\\''}",
						      "null", MESSAGE("0", "completed", PART("a")),
						      NO_COUNTS) "}"},
	{"a new try after text", STREAM, "Ta\nX",
	 BEGIN OPEN_TEXT("2", "3", "0") DELTA("4", "0", "a") "GAVE UP"},
	{"a new try before anything was shown", STREAM, "X\nD1",
	 BEGIN LAST("completed", "2", "null", "", NO_COUNTS)},
	{"whole", "", "THel\nTlo\nU9/3/4/1/2\nD1",
	 RESPONSE("completed", "null", MESSAGE("0", "completed", PART("Hello")),
		  COUNTS("9", "4", "3", "2", "12"))},
	{"whole, with everything", "'include':['reasoning.encrypted_content']",
	 "Rhm\n" SIGNED "Ta\n" CALL("0", "c1", "look") ARGUMENTS("0", "{}") "Tb\nD5",
	 RESPONSE("completed", "null",
		  THOUGHT("0", SUMMARY("hm"), ENCRYPTED) "," MESSAGE(
			  "1", "completed",
			  PART("a")) "," CALLED("2", "completed", "{}", "c1",
						"look") "," MESSAGE("3", "completed", PART("b")),
		  NO_COUNTS)},
	{"whole, too long", "", "Ta\nD2",
	 RESPONSE("incomplete", "{'reason':'max_output_tokens'}",
		  MESSAGE("0", "incomplete", PART("a")), NO_COUNTS)},
	{"whole, failed", "", "Ta\nF", "FAILED"},
	{"whole, of the second try", "", "Ta\nX\nTb\nD1",
	 RESPONSE("completed", "null", MESSAGE("0", "completed", PART("b")), NO_COUNTS)},
	{"what the request said comes back", "'metadata':{'a':'b'}", "D1",
	 RESPONSE_OF(ECHO_OF("{'a':'b'}"), "completed", "null", "null", "", NO_COUNTS)},
};

static void test_responses_answers(void **state)
{
	(void)state;
	check_write(&dialect_responses, LEAST, answers, ARRAY_SIZE(answers));
}

/* A request's long texts do not come back several times each. */
static void test_responses_do_not_repeat_long_texts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 64u << 20);
	_cleanup_(buf_done) struct buf body;
	struct api_request request;

	(void)state;
	buf_init(&body, 8u << 20);
	buf_adds(&body, "{\"model\":\"m\",\"input\":\"Hi\",\"instructions\":\"");
	for (int i = 0; i < 1 << 20; i++)
		buf_addc(&body, 'a');
	buf_adds(&body, "\"}");
	read_good(&dialect_responses, buf_text(&body), arena, &request);
	assert_true(strlen(request.prompt.messages[0].text) == 1 << 20);
	assert_true(strlen(request.echo) < 4096);
	assert_non_null(strstr(request.echo, "\"instructions\":null"));
}

/* ---------------------------------------------------------------- both forms say the same */

/* The last event has the whole; each item's own event has it, too. */
static json_t *join(json_t *events)
{
	json_t *last = json_array_get(events, json_array_size(events) - 1), *event;
	json_t *ret = json_deep_copy(json_object_get(last, "response")), *output = json_array();
	size_t i;

	json_array_foreach(events, i, event)
	{
		const char *type = json_string_value(json_object_get(event, "type"));
		size_t at = (size_t)json_integer_value(json_object_get(event, "output_index"));

		assert_int_equal(json_integer_value(json_object_get(event, "sequence_number")), i);
		if (strcmp(type, "response.output_item.added") == 0) {
			assert_int_equal(at, json_array_size(output));
			json_array_append(output, json_object_get(event, "item"));
		}
		if (strcmp(type, "response.output_item.done") == 0)
			json_array_set(output, at, json_object_get(event, "item"));
	}
	json_object_set_new(ret, "output", output);
	return ret;
}

static void test_responses_whole_is_the_stream(void **state)
{
	(void)state;
	check_whole(&dialect_responses, LEAST, join);
	check_whole(&dialect_responses, LEAST ",'include':['reasoning.encrypted_content']", join);
}

static void test_responses_large_bodies(void **state)
{
	(void)state;
	check_hostile(&dialect_responses, "'model':'m'", ",'input':'", "a", "'");
	check_hostile(&dialect_responses, LEAST, ",'instructions':'", "a", "'");
	check_hostile(&dialect_responses, "'model':'m'", ",'input':[",
		      "{'role':'assistant','content':[{'type':'output_text','text':'a'}]}", "]");
	check_hostile(&dialect_responses, "'model':'m'", ",'input':[",
		      "{'type':'function_call','call_id':'c','name':'f','arguments':'{}'}", "]");
	check_hostile(&dialect_responses, "'model':'m'",
		      ",'input':[{'type':'function_call_output','call_id':'c','output':[",
		      "{'type':'input_text','text':'a'}", "]}]");
}

int responses_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_responses_requests_that_are_good),
		cmocka_unit_test(test_responses_requests_that_are_refused),
		cmocka_unit_test(test_responses_answers),
		cmocka_unit_test(test_responses_do_not_repeat_long_texts),
		cmocka_unit_test(test_responses_whole_is_the_stream),
		cmocka_unit_test(test_responses_large_bodies),
	};

	return cmocka_run_group_tests_name("responses", tests, NULL, NULL);
}
