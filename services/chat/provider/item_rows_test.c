/* Answers with tools, log probabilities and usage in parts, and answers of Anthropic's API. */
#include "answer_rows_test.h"

#define BODY(text) text, sizeof(text) - 1
#define EVENT(json) "data: " json "\n\n"
#define DELTA(members) EVENT("{'choices':[{'index':0,'delta':{" members "}}]}")
#define TEXT(text) DELTA("'content':'" text "'")
#define END(word) EVENT("{'choices':[{'index':0,'delta':{},'finish_reason':'" word "'}]}") DONE
#define DONE EVENT("[DONE]")
#define USAGE(members) EVENT("{'choices':[],'usage':{" members "}}")
#define CALL(index, id, name, arguments)                   \
	DELTA("'tool_calls':[{'index':" index ",'id':'" id \
	      "','type':'function','function':{'name':'" name "','arguments':'" arguments "'}}]")
#define MORE(index, arguments) \
	DELTA("'tool_calls':[{'index':" index ",'function':{'arguments':'" arguments "'}}]")

#define IS_CALL(index, id, name) \
	"{'type':'tool_call','index':" index ",'id':'" id "','name':'" name "'}\n"
#define IS_MORE(index, delta) "{'type':'tool_arguments','index':" index ",'delta':'" delta "'}\n"

/* Blocks of OpenRouter's reasoning_details. */
#define D_TEXT(text) "{'type':'reasoning.text','text':" text ",'index':0,'signature':null}"
#define D_SIGNED "{'type':'reasoning.text','signature':'S+/=','format':'f','index':0}"
#define D_SEALED "{'type':'reasoning.encrypted','data':'AA==','index':1}"

/* ---------------------------------------------------------------- Anthropic */

#define A_EVENT(type, members) "event: " type "\ndata: {'type':'" type "'" members "}\n\n"
#define A_START \
	A_EVENT("message_start", ",'message':{'usage':{'input_tokens':10,'output_tokens':1}}")
#define A_BLOCK(index, block) \
	A_EVENT("content_block_start", ",'index':" index ",'content_block':{" block "}")
#define A_DELTA(index, delta) \
	A_EVENT("content_block_delta", ",'index':" index ",'delta':{" delta "}")
#define A_CLOSE(index) A_EVENT("content_block_stop", ",'index':" index)
#define A_TEXT(text)                            \
	A_BLOCK("0", "'type':'text','text':''") \
	A_DELTA("0", "'type':'text_delta','text':'" text "'") A_CLOSE("0")
#define A_END(reason) A_ENDS(reason, "'output_tokens':7") A_EVENT("message_stop", "")
#define A_ENDS(reason, usage) \
	A_EVENT("message_delta", ",'delta':{'stop_reason':'" reason "'},'usage':{" usage "}")
#define A_TOOL(name)                                                             \
	A_BLOCK("1", "'type':'tool_use','id':'t1','name':'" name "','input':{}") \
	A_DELTA("1", "'type':'input_json_delta','partial_json':'{'")             \
	A_DELTA("1", "'type':'input_json_delta','partial_json':'}'") A_CLOSE("1")
#define IS_REASONING(data) "{'type':'reasoning','api':'anthropic','data':" data "}\n"

/* name, body, end, outcome, text, thoughts, charged, odd; tools, items, usage */
#define A_ROW(name, body, end, outcome, text, thoughts, charged, odd, ...)                   \
	{                                                                                    \
		{name, BODY(body), end, outcome, text, thoughts, charged, odd}, "anthropic", \
			__VA_ARGS__                                                          \
	}

const struct item_row item_rows[] = {
	{.row.name = "a call in pieces",
	 BODY(CALL("0", "c1", "f", "") MORE("0", "{\\'a\\'") MORE("0", ":1}") END("tool_calls")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{\\'a\\'") IS_MORE("0", ":1}")},
	{.row.name = "two calls by turns",
	 BODY(CALL("0", "c1", "f", "") CALL("1", "c2", "g", "") MORE("0", "{}") MORE("1", "{ }")
		      END("tool_calls")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_CALL("1", "c2", "g") IS_MORE("0", "{}")
		 IS_MORE("1", "{ }")},
	{.row.name = "id and name in every piece",
	 BODY(CALL("0", "c1", "f", "{") CALL("0", "c1", "f", "}") END("stop")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{") IS_MORE("0", "}")},
	{.row.name = "every call has the index 0",
	 BODY(CALL("0", "c1", "f", "{}") CALL("0", "c2", "g", "{}") END("stop")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{}") IS_CALL("1", "c2", "g")
		 IS_MORE("1", "{}")},
	{.row.name = "no index",
	 BODY(DELTA("'tool_calls':[{'id':'c1','function':{'name':'f','arguments':''}}]")
		      DELTA("'tool_calls':[{'function':{'arguments':'{}'}}]") END("tool_calls")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{}")},
	{.row.name = "whole calls, arguments as an object",
	 BODY("{'choices':[{'message':{'content':null,'tool_calls':[{'id':'c1','function':{'name':"
	      "'f','arguments':{'a': 1}}},{'id':'c2','function':{'name':'g','arguments':'{}'}}]},"
	      "'finish_reason':'tool_calls'}]}"),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{\\'a\\':1}") IS_CALL("1", "c2", "g")
		 IS_MORE("1", "{}")},
	{.row.name = "text, then a call",
	 BODY(TEXT("Let me see.") CALL("0", "c1", "f", "{}") END("tool_calls")),
	 .row.outcome = "DONE TOOLS",
	 .row.text = "Let me see.",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{}")},
	{.row.name = "a call that is cut",
	 BODY(CALL("0", "c1", "f", "{")),
	 .row.end = ROW_CUT,
	 .row.outcome = "FAILED provider_unavailable",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = IS_CALL("0", "c1", "f") IS_MORE("0", "{")},
	{.row.name = "a call though none was offered",
	 BODY(CALL("0", "c1", "f", "{}") END("tool_calls")),
	 .row.outcome = "FAILED answer_tool",
	 .row.text = "",
	 .row.thoughts = "",
	 .items = ""},
	{.row.name = "cached and thought tokens are within the others",
	 BODY(TEXT("a") END("stop")
		      USAGE("'prompt_tokens':100,'completion_tokens':50,'total_tokens':150,"
			    "'prompt_tokens_details':{'cached_tokens':60},"
			    "'completion_tokens_details':{'reasoning_tokens':20}")),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "",
	 .row.charged = true},
	{.row.name = "usage before [DONE]",
	 BODY(TEXT("a") USAGE("'prompt_tokens':100,'completion_tokens':50,'total_tokens':150,"
			      "'prompt_tokens_details':{'cached_tokens':60},"
			      "'completion_tokens_details':{'reasoning_tokens':20}") DONE),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "",
	 .row.charged = true,
	 .usage = "40 60 0 0 30 20"},
	{.row.name = "thought tokens beside the others",
	 BODY(TEXT("a") USAGE("'prompt_tokens':100,'completion_tokens':50,'total_tokens':170,"
			      "'completion_tokens_details':{'reasoning_tokens':20}") DONE),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "",
	 .row.charged = true,
	 .usage = "100 0 0 0 50 20"},
	{.row.name = "more cached than there were",
	 BODY(TEXT("a") USAGE("'prompt_tokens':100,'completion_tokens':5,"
			      "'prompt_tokens_details':{'cached_tokens':900},"
			      "'completion_tokens_details':{'reasoning_tokens':-1}") DONE),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "",
	 .row.charged = true,
	 .usage = "0 100 0 0 5 0"},
	{.row.name = "OpenRouter: blocks of thoughts in pieces are whole again",
	 BODY(DELTA("'reasoning':'h','reasoning_details':[" D_TEXT("'h'") "]")
		      DELTA("'reasoning':'m','reasoning_details':[" D_TEXT("'m\\u00e9'") "]") DELTA(
			      "'reasoning_details':[" D_SIGNED
			      "]") DELTA("'reasoning_details':[" D_SEALED "]") TEXT("a")
			      DELTA("'reasoning_details':[" D_TEXT("'so'") "]") END("stop")),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "hmso",
	 .row.charged = true,
	 .items = "{'type':'reasoning','api':'openai','data':[{'type':'reasoning.text','index':0,"
		  "'signature':'S+/=','format':'f','text':'hm\xC3\xA9'}," D_SEALED "]}\n"
		  "{'type':'reasoning','api':'openai','data':[{'type':'reasoning.text','index':0,"
		  "'signature':null,'text':'so'}]}\n"},
	{.row.name = "OpenRouter: blocks of a whole completion",
	 BODY("{'choices':[{'message':{'content':'a','reasoning':'hm','reasoning_details':[{'type':"
	      "'reasoning.summary','summary':'hm','id':'r1'},7,{'odd':[1, 2]}]},'finish_reason':"
	      "'stop'}]}"),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "hm",
	 .row.charged = true,
	 .items =
		 "{'type':'reasoning','api':'openai','data':[{'type':'reasoning.summary','id':'r1',"
		 "'summary':'hm'},{'odd':[1,2]}]}\n"},
	{.row.name = "OpenRouter: blocks before a call; a cut keeps them",
	 BODY(DELTA("'reasoning_details':[" D_SEALED "]") CALL("0", "c1", "f", "{")),
	 .row.end = ROW_CUT,
	 .row.outcome = "FAILED provider_unavailable",
	 .row.text = "",
	 .row.thoughts = "",
	 .row.charged = true,
	 .tools = true,
	 .items = "{'type':'reasoning','api':'openai','data':[" D_SEALED
		  "]}\n" IS_CALL("0", "c1", "f") IS_MORE("0", "{")},
	{.row.name = "tokens of images are within the prompt",
	 BODY(TEXT("a") USAGE("'prompt_tokens':100,'completion_tokens':5,"
			      "'prompt_tokens_details':{'cached_tokens':60,'image_tokens':30}")
		      DONE),
	 .row.outcome = "DONE STOP",
	 .row.text = "a",
	 .row.thoughts = "",
	 .row.charged = true,
	 .usage = "10 60 0 0 5 0"},
	A_ROW("Anthropic: thoughts are within the output, searches beside it",
	      A_START A_TEXT("Hi") A_ENDS(
		      "end_turn", "'output_tokens':7,'output_tokens_details':{'thinking_tokens':4},"
				  "'server_tool_use':{'web_search_requests':2}"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 0, false, "", "10 0 0 0 3 4"),
	A_ROW("Anthropic: thoughts whose words were kept back",
	      A_START A_BLOCK("0", "'type':'thinking','thinking':'','signature':''")
		      A_DELTA("0", "'type':'signature_delta','signature':'S'") A_CLOSE("0")
			      A_END("end_turn"),
	      ROW_CLOSE, "FAILED answer_thoughts", "", "", false, 0, false,
	      IS_REASONING("{'type':'thinking','thinking':'','signature':'S'}"), NULL),
	A_ROW("Anthropic: text", A_START A_EVENT("ping", "") A_TEXT("Hi") A_END("end_turn"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 0, false, "", "10 0 0 0 7 0"),
	A_ROW("Anthropic: usage is set, never added; caches are beside the input",
	      A_START A_TEXT("Hi") A_ENDS(
		      "end_turn", "'input_tokens':10,'cache_read_input_tokens':5,"
				  "'cache_creation_input_tokens':9,'cache_creation':{"
				  "'ephemeral_5m_input_tokens':2,'ephemeral_1h_input_tokens':7},"
				  "'output_tokens':7"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 0, false, "", "10 5 2 7 7 0"),
	A_ROW("Anthropic: null counts change nothing",
	      A_START A_TEXT("Hi") A_ENDS("end_turn", "'input_tokens':null,'output_tokens':7"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 0, false, "", "10 0 0 0 7 0"),
	A_ROW("Anthropic: signed thoughts, verbatim",
	      A_START A_BLOCK("0", "'type':'thinking','thinking':'','signature':''")
		      A_DELTA("0", "'type':'thinking_delta','thinking':'h\\u00e9'")
			      A_DELTA("0", "'type':'thinking_delta','thinking':'m'")
				      A_DELTA("0", "'type':'signature_delta','signature':'S+/='")
					      A_CLOSE("0") A_TEXT("Hi") A_END("end_turn"),
	      ROW_CLOSE, "DONE STOP", "Hi", "h\xC3\xA9m", true, 0, false,
	      IS_REASONING("{'type':'thinking','thinking':'h\\u00e9m','signature':'S+/='}"), NULL),
	A_ROW("Anthropic: redacted thoughts",
	      A_START A_BLOCK("0", "'type':'redacted_thinking','data':'AA=='") A_CLOSE("0")
		      A_TEXT("Hi") A_END("end_turn"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 0, false,
	      IS_REASONING("{'type':'redacted_thinking','data':'AA=='}"), NULL),
	A_ROW("Anthropic: a call alone", A_START A_TOOL("f") A_END("tool_use"), ROW_CLOSE,
	      "DONE TOOLS", "", "", true, 0, true,
	      IS_CALL("0", "t1", "f") IS_MORE("0", "{") IS_MORE("0", "}"), NULL),
	A_ROW("Anthropic: a call that nobody offered", A_START A_TOOL("f") A_END("tool_use"),
	      ROW_CLOSE, "FAILED answer_tool", "", "", false, 0, false, "", NULL),
	A_ROW("Anthropic: an answer in a schema",
	      A_START A_TOOL("answer_in_schema") A_END("tool_use"), ROW_CLOSE, "DONE STOP", "{}",
	      "", true, 0, false, "", NULL),
	A_ROW("Anthropic: too long", A_START A_TEXT("Hi") A_END("max_tokens"), ROW_CLOSE,
	      "DONE LENGTH", "Hi", "", true, 0, false, "", NULL),
	A_ROW("Anthropic: refused", A_START A_END("refusal"), ROW_CLOSE, "FAILED answer_filtered",
	      "", "", false, 0, false, "", NULL),
	A_ROW("Anthropic: cut behind the reason", A_START A_TEXT("Hi") A_ENDS("end_turn", ""),
	      ROW_CUT, "DONE STOP", "Hi", "", true, 0, false, "", NULL),
	A_ROW("Anthropic: cut in the text", A_START A_TEXT("Hi"), ROW_CUT,
	      "FAILED provider_unavailable", "Hi", "", true, 0, false, "", NULL),
	A_ROW("Anthropic: unknown events, blocks and reasons",
	      A_START A_EVENT("hello", "") A_BLOCK("0", "'type':'novelty'") A_CLOSE("0")
		      A_TEXT("Hi") A_END("novel"),
	      ROW_CLOSE, "DONE STOP", "Hi", "", true, 1, false, "", NULL),
	A_ROW("Anthropic: overloaded",
	      A_START A_EVENT("error", ",'error':{'type':'overloaded_error','message':'Sorry'}"),
	      ROW_CLOSE, "AGAIN provider_busy", "", "", false, 0, false, "", NULL),
	A_ROW("Anthropic: a whole message",
	      "{'type':'message','content':[{'type':'thinking','thinking':'hm','signature':'S'},{"
	      "'type':'text','text':'Hi'},{'type':'tool_use','id':'t1','name':'f','input':{'a': 1}"
	      "}],'stop_reason':'tool_use','usage':{'input_tokens':10,'output_tokens':7}}",
	      ROW_CLOSE, "DONE TOOLS", "Hi", "hm", true, 0, true,
	      IS_REASONING("{'type':'thinking','thinking':'hm','signature':'S'}")
		      IS_CALL("0", "t1", "f") IS_MORE("0", "{\\'a\\':1}"),
	      "10 0 0 0 7 0"),
};
const size_t item_rows_n = sizeof item_rows / sizeof *item_rows;
