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
};
const size_t item_rows_n = sizeof item_rows / sizeof *item_rows;
