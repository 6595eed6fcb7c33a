#include "answer_rows_test.h"

#include "runtime/base/ensure.h"

#include <stdlib.h>
#include <string.h>

#define BODY(text) text, sizeof(text) - 1
#define PAID true
#define FREE false

/* ---------------------------------------------------------------- pieces of bodies */
#define EVENT(json) "data: " json "\n\n"
#define DELTA(members) EVENT("{'choices':[{'index':0,'delta':{" members "}}]}")
#define TEXT(text) DELTA("'content':'" text "'")
#define REASON(word) EVENT("{'choices':[{'index':0,'delta':{},'finish_reason':'" word "'}]}")
#define USAGE EVENT("{'choices':[],'usage':{'prompt_tokens':9,'completion_tokens':4}}")
#define DONE EVENT("[DONE]")
#define HEAD DELTA("'role':'assistant','content':''")
#define STOP REASON("stop") DONE
#define WHOLE(message, reason)                                                                 \
	"{'id':'x','object':'chat.completion','choices':[{'index':0,'message':{'role':'assist" \
	"ant'," message "},'finish_reason':" reason                                            \
	"}],'usage':{'prompt_tokens':9,'completion_tokens':4}}"
#define TOOL DELTA("'tool_calls':[{'index':0,'function':{'name':'f','arguments':'{}'}}]")

#define FFFD "\xEF\xBF\xBD"
#define SMILE "\xF0\x9F\x98\x80"
#define S1K                                                                \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define S8K S1K S1K S1K S1K S1K S1K S1K S1K
#define S64K S8K S8K S8K S8K S8K S8K S8K S8K

const struct answer_row answer_rows[] = {
	{"as the documentation has it",
	 BODY(HEAD TEXT("Hi") TEXT(" there") REASON("stop") USAGE DONE), ROW_CLOSE, "DONE STOP",
	 "Hi there", "", PAID, 0},

	/* -------------------------------------------------------- one odd event (point 15) */
	{"an empty event", BODY(TEXT("a") "data:\n\n" TEXT("b") STOP), ROW_CLOSE, "DONE STOP", "ab",
	 "", PAID, 1},
	{"a comment wrapped in data", BODY(EVENT(": OPENROUTER PROCESSING") TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 1},
	{"a heartbeat that is no JSON", BODY(TEXT("a") EVENT("ping") TEXT("b") STOP), ROW_CLOSE,
	 "DONE STOP", "ab", "", PAID, 1},
	{"a heartbeat that is another JSON",
	 BODY(TEXT("a") EVENT("{'type':'ping'}") EVENT("[]") EVENT("7") TEXT("b") STOP), ROW_CLOSE,
	 "DONE STOP", "ab", "", PAID, 3},
	{"an event that breaks off",
	 BODY(TEXT("a") EVENT("{'choices':[{'delta':{'content':") TEXT("b") STOP), ROW_CLOSE,
	 "DONE STOP", "ab", "", PAID, 1},
	{"data twice", BODY("data: " TEXT("a") "data: " DONE), ROW_CLOSE, "DONE STOP", "a", "",
	 PAID, 0},
	{"a number beyond 2^63",
	 BODY(EVENT("{'created':99999999999999999999999,'choices':[{'delta':{'content':'a'}}]}")
		      STOP),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"a number beyond any double",
	 BODY(EVENT("{'choices':[{'logprobs':-1e9999,'delta':{'content':'a'}}]}") STOP), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 0},
	{"NaN and Infinity",
	 BODY(EVENT("{'choices':[{'p':NaN,'q':-Infinity,'delta':{'content':'a'}}]}") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"a usage that cannot be",
	 BODY(TEXT("a") REASON("stop") EVENT("{'choices':[],'usage':{'prompt_tokens':1e400,"
					     "'completion_tokens':99999999999999999999}}") DONE),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"a large event without text",
	 BODY(TEXT("a") EVENT("{'padding':'" S64K "','choices':[{'delta':{}}]}") TEXT("b") STOP),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"deep nesting in a field that nobody reads",
	 BODY(EVENT("{'x':[[[[[[[[[[[[[[[[[[[[{}]]]]]]]]]]]]]]]]]]]],"
		    "'choices':[{'delta':{'content':'a'}}]}") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"the same member twice",
	 BODY(EVENT("{'id':1,'id':2,'choices':[{'delta':{'content':'a'}}]}") STOP), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 0},
	{"a surrogate pair", BODY(TEXT("\\ud83d\\ude00") STOP), ROW_CLOSE, "DONE STOP", SMILE, "",
	 PAID, 0},
	{"a surrogate pair in two events", BODY(TEXT("a\\uD83D") TEXT("\\uDE00b") STOP), ROW_CLOSE,
	 "DONE STOP", "a" SMILE "b", "", PAID, 0},
	{"a character in two events", BODY(TEXT("a\xF0\x9F") TEXT("\x98\x80z") STOP), ROW_CLOSE,
	 "DONE STOP", "a" SMILE "z", "", PAID, 0},
	{"lone surrogates", BODY(TEXT("a\\udc00 b\\ud800 c\\ud800\\ud800") STOP), ROW_CLOSE,
	 "DONE STOP", "a" FFFD " b" FFFD " c" FFFD FFFD, "", PAID, 0},
	{"a half at the end", BODY(TEXT("a\\ud83d") STOP), ROW_CLOSE, "DONE STOP", "a" FFFD, "",
	 PAID, 0},
	{"invalid UTF-8",
	 BODY(TEXT("a\xff"
		   "b\xc3("
		   "c\xed\xa0\x80") STOP),
	 ROW_CLOSE, "DONE STOP", "a" FFFD "b" FFFD "(c" FFFD FFFD FFFD, "", PAID, 0},
	{"invalid UTF-8 in a field that nobody reads",
	 BODY(EVENT("{'id':'\xff\xfe','choices':[{'delta':{'content':'a'}}]}") STOP), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 0},
	{"NUL, escaped and as it is", BODY(TEXT("a\\u0000b\0c") STOP), ROW_CLOSE, "DONE STOP",
	 "a" FFFD "b" FFFD "c", "", PAID, 0},
	{"a line end and a tab as they are",
	 BODY("data: {'choices':[{'delta':{'content':'a\tb\n"
	      "data: c'}}]}\n\n" STOP),
	 ROW_CLOSE, "DONE STOP", "a\tb\nc", "", PAID, 0},
	{"escapes that JSON has not", BODY(TEXT("a\\x\\'b\\u12") STOP), ROW_CLOSE, "DONE STOP",
	 "ax\"bu12", "", PAID, 0},
	{"CR alone ends lines",
	 BODY("data: {'choices':[{'delta':{'content':'a'}}]}\r\r"
	      "data: [DONE]\r\r"),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"nothing that can be read", BODY("data:\n\n: ping\n\ndata: ping\n\n"), ROW_CLOSE,
	 "AGAIN provider_broken", "", "", FREE, 2},
	{"an empty body", BODY(""), ROW_CLOSE, "AGAIN provider_broken", "", "", FREE, 0},
	{"a page", BODY("<html>{'choices':[]}</html>"), ROW_CLOSE, "AGAIN provider_broken", "", "",
	 FREE, 0},

	/* -------------------------------------------------------- the table of endings (16) */
	{"[DONE] without a reason", BODY(TEXT("a") DONE), ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"[DONE] without a reason, then cut", BODY(TEXT("a") DONE), ROW_CUT, "DONE STOP", "a", "",
	 PAID, 0},
	{"[DONE] and the connection stays open", BODY(TEXT("a") DONE), ROW_OPEN, "DONE STOP", "a",
	 "", PAID, 0},
	{"a reason and the connection stays open", BODY(TEXT("a") REASON("stop")), ROW_OPEN,
	 "DONE STOP", "a", "", PAID, 0},
	{"a reason without [DONE]", BODY(TEXT("a") REASON("stop")), ROW_CLOSE, "DONE STOP", "a", "",
	 PAID, 0},
	{"a reason, then cut", BODY(TEXT("a") REASON("length")), ROW_CUT, "DONE LENGTH", "a", "",
	 PAID, 0},
	{"a last usage, then cut", BODY(TEXT("a") USAGE), ROW_CUT, "DONE STOP", "a", "", PAID, 0},
	{"text that closes in good order", BODY(TEXT("a")), ROW_CLOSE, "DONE STOP", "a", "", PAID,
	 0},
	{"text, then cut", BODY(TEXT("a") TEXT("b")), ROW_CUT, "FAILED provider_unavailable", "ab",
	 "", PAID, 0},
	{"an empty reason, then cut",
	 BODY(EVENT("{'choices':[{'delta':{'content':'a'},'finish_reason':''}]}")), ROW_CUT,
	 "FAILED provider_unavailable", "a", "", PAID, 0},
	{"the reason `null` as a word, then cut",
	 BODY(EVENT("{'choices':[{'delta':{'content':'a'},'finish_reason':'null'}]}")), ROW_CUT,
	 "FAILED provider_unavailable", "a", "", PAID, 0},
	{"a usage in each event, then cut",
	 BODY(EVENT("{'choices':[{'delta':{'content':'a'}}],'usage':{'prompt_tokens':9,"
		    "'completion_tokens':1}}")),
	 ROW_CUT, "FAILED provider_unavailable", "a", "", PAID, 0},
	{"an event that is cut", BODY(TEXT("a") "data: {'choices':[{'delta':{'content':'b"),
	 ROW_CUT, "FAILED provider_unavailable", "a", "", PAID, 1},
	{"a cut before anything", BODY(HEAD), ROW_CUT, "AGAIN provider_unavailable", "", "", FREE,
	 0},
	{"a last event without its empty line",
	 BODY(TEXT("a") "data: {'choices':[{'delta':{'content':'b'},'finish_reason':'stop'}]}\n"),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"a last event without its line end, then cut",
	 BODY(TEXT("a") "data: {'choices':[{'delta':{'content':'b'},'finish_reason':'stop'}]}"),
	 ROW_CUT, "DONE STOP", "ab", "", PAID, 0},
	{"nonsense after the reason",
	 BODY(TEXT("a") REASON("stop") EVENT("}{") EVENT("\xff") "nonsense\n\n"), ROW_CUT,
	 "DONE STOP", "a", "", PAID, 2},
	{"an error after the reason",
	 BODY(TEXT("a") REASON("stop") EVENT("{'error':{'message':'bye','code':500}}")), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 1},
	{"an error after [DONE]", BODY(TEXT("a") DONE EVENT("{'error':'bye'}")), ROW_CUT,
	 "DONE STOP", "a", "", PAID, 0},
	{"two [DONE]s, one of them quoted", BODY(TEXT("a") EVENT("'[DONE]'") DONE), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 0},
	{"text in the event of the reason, and behind it",
	 BODY(EVENT("{'choices':[{'delta':{'content':'a'},'finish_reason':'stop'}]}") TEXT("b")
		      DONE),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"Gemini's reason for too much", BODY(TEXT("a") REASON("MAX_TOKENS")), ROW_CLOSE,
	 "DONE LENGTH", "a", "", PAID, 0},
	{"a reason that nobody knows", BODY(TEXT("a") REASON("eos_token")), ROW_CLOSE, "DONE STOP",
	 "a", "", PAID, 0},
	{"the reason `error`", BODY(TEXT("a") REASON("error")), ROW_CLOSE, "FAILED provider_broken",
	 "a", "", PAID, 0},
	{"an error in the middle",
	 BODY(TEXT("a") EVENT("{'error':{'message':'overloaded','code':502}}")), ROW_CLOSE,
	 "FAILED provider_unavailable", "a", "", PAID, 0},
	{"an error that is none",
	 BODY(EVENT("{'error':null,'choices':[{'delta':{'content':'a'}}]}")
		      EVENT("{'error':{'code':0,'message':''},'choices':[{'delta':{'content':'b'}"
			    "}]}") STOP),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"llama.cpp's line of error", BODY("error: {'code':500,'message':'failed'}\n\n"), ROW_CLOSE,
	 "AGAIN provider_unavailable", "", "", FREE, 0},
	{"an error by its words alone", BODY("{'message':'it failed','code':500}"), ROW_CLOSE,
	 "AGAIN provider_unavailable", "", "", FREE, 0},
	{"[DONE] and nothing else", BODY(HEAD DONE), ROW_CLOSE, "AGAIN provider_broken", "", "",
	 FREE, 0},

	/* -------------------------------------------------------- readable bodies (17) */
	{"a whole completion", BODY(WHOLE("'content':'Hi'", "'stop'")), ROW_CLOSE, "DONE STOP",
	 "Hi", "", PAID, 0},
	{"a whole completion on an open connection", BODY(WHOLE("'content':'Hi'", "null")),
	 ROW_OPEN, "DONE STOP", "Hi", "", PAID, 0},
	{"a whole completion behind white space", BODY("\n\n  " WHOLE("'content':'Hi'", "'stop'")),
	 ROW_CLOSE, "DONE STOP", "Hi", "", PAID, 0},
	{"a whole completion, too long", BODY(WHOLE("'content':'Hi'", "'length'")), ROW_CLOSE,
	 "DONE LENGTH", "Hi", "", PAID, 0},
	{"a whole completion that is cut",
	 BODY("{'choices':[{'message':{'role':'assistant','content':'Hi"), ROW_CUT,
	 "AGAIN provider_unavailable", "", "", FREE, 1},
	{"a whole completion with parts",
	 BODY(WHOLE("'content':[{'type':'text','text':'Hi'},{'type':'text','text':' you'}]",
		    "'stop'")),
	 ROW_CLOSE, "DONE STOP", "Hi you", "", PAID, 0},
	{"a whole completion as an event", BODY(EVENT(WHOLE("'content':'Hi'", "'stop'"))),
	 ROW_CLOSE, "DONE STOP", "Hi", "", PAID, 0},
	{"chunks as lines of JSON",
	 BODY("{'choices':[{'delta':{'content':'a'}}]}\n{'choices':[{'delta':{'content':'b}'},"
	      "'finish_reason':'stop'}]}\n"),
	 ROW_CLOSE, "DONE STOP", "ab}", "", PAID, 0},
	{"chunks as a list",
	 BODY("[{'choices':[{'delta':{'content':'a'}}]},\n{'choices':[{'delta'"
	      ":{'content':'b'},'finish_reason':'stop'}]}]"),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"deltas with parts",
	 BODY(DELTA("'content':[{'type':'text','text':'a'}]") DELTA("'content':['b']") STOP),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"a message beside deltas",
	 BODY(EVENT("{'choices':[{'delta':{'content':'a'},'message':{'content':'a'}}]}")
		      EVENT("{'choices':[{'delta':{},'message':{'content':'a'},"
			    "'finish_reason':'stop'}]}")),
	 ROW_CLOSE, "DONE STOP", "a", "", PAID, 0},
	{"`text` as the old API has it", BODY(EVENT("{'choices':[{'text':'a'}]}") DONE), ROW_CLOSE,
	 "DONE STOP", "a", "", PAID, 0},
	{"an error with status 200", BODY("{'error':{'message':'sorry','code':503}}"), ROW_CLOSE,
	 "AGAIN provider_unavailable", "", "", FREE, 0},

	/* -------------------------------------------------------- silent answers (18) */
	{"an empty stop", BODY(HEAD STOP), ROW_CLOSE, "FAILED answer_empty", "", "", FREE, 0},
	{"an empty stop with usage", BODY(HEAD REASON("stop") USAGE DONE), ROW_CUT,
	 "FAILED answer_empty", "", "", FREE, 0},
	{"white space alone", BODY(TEXT(" ") TEXT("\\n") STOP), ROW_CLOSE, "FAILED answer_empty",
	 "", "", FREE, 0},
	{"an empty whole completion", BODY(WHOLE("'content':null", "'stop'")), ROW_CLOSE,
	 "FAILED answer_empty", "", "", FREE, 0},
	{"a refusal", BODY(DELTA("'refusal':'I must '") DELTA("'refusal':'not'") STOP), ROW_CLOSE,
	 "DONE FILTER", "I must not", "", FREE, 0},
	{"a refusal in one piece", BODY(WHOLE("'content':null,'refusal':'No.'", "'stop'")),
	 ROW_CLOSE, "DONE FILTER", "No.", "", FREE, 0},
	{"a refusal as a part", BODY(DELTA("'content':[{'type':'refusal','refusal':'No.'}]") STOP),
	 ROW_CLOSE, "DONE FILTER", "No.", "", FREE, 0},
	{"a tool alone", BODY(TOOL REASON("tool_calls") DONE), ROW_CLOSE, "FAILED answer_tool", "",
	 "", FREE, 0},
	{"a tool after text", BODY(TEXT("Let me see.") TOOL REASON("tool_calls") DONE), ROW_CLOSE,
	 "DONE STOP", "Let me see.", "", PAID, 0},
	{"`message` where `delta` should be",
	 BODY(EVENT("{'choices':[{'message':{'content':'a'}}]}")
		      EVENT("{'choices':[{'message':{'content':'b'},'finish_reason':'stop'}]}")),
	 ROW_CLOSE, "DONE STOP", "ab", "", PAID, 0},
	{"all of it filtered", BODY(HEAD REASON("content_filter") DONE), ROW_CLOSE,
	 "FAILED answer_filtered", "", "", FREE, 0},
	{"filtered in the middle", BODY(TEXT("a") REASON("content_filter") DONE), ROW_CLOSE,
	 "DONE FILTER", "a", "", PAID, 0},

	/* -------------------------------------------------------- thoughts (21) */
	{"`reasoning` is null beside `reasoning_content`",
	 BODY(DELTA("'reasoning':null,'reasoning_content':'hm','content':''") TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"`reasoning` is empty beside `reasoning_content`",
	 BODY(DELTA("'reasoning':'','reasoning_content':'hm'") TEXT("a") STOP), ROW_CLOSE,
	 "DONE STOP", "a", "hm", PAID, 0},
	{"`reasoning` and the same in `reasoning_details`",
	 BODY(DELTA("'reasoning':'hm','reasoning_details':[{'type':'reasoning.text','text':'hm'}]")
		      TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"`reasoning_details` alone",
	 BODY(DELTA("'reasoning_details':[{'type':'reasoning.summary','summary':'h'},{'type':"
		    "'reasoning.encrypted','data':'AAAA'},{'type':'reasoning.text','text':'m'}]")
		      TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"`thinking`", BODY(DELTA("'thinking':'hm'") TEXT("a") STOP), ROW_CLOSE, "DONE STOP", "a",
	 "hm", PAID, 0},
	{"`thinking_blocks`",
	 BODY(DELTA("'thinking_blocks':[{'type':'thinking','thinking':'hm','signature':'AA'}]")
		      TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"parts of both kinds",
	 BODY(DELTA("'content':[{'type':'thinking','thinking':[{'type':'text','text':'hm'}]},"
		    "{'type':'text','text':'a'}]") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"<think> at the beginning", BODY(TEXT("<think>h<m</think>\\n\\na <think>") STOP),
	 ROW_CLOSE, "DONE STOP", "a <think>", "h<m", PAID, 0},
	{"<think> cut over events",
	 BODY(TEXT("\\n<th") TEXT("ink>") TEXT("h") TEXT("m</") TEXT("thi") TEXT("nk>") TEXT("\\n")
		      TEXT("a") STOP),
	 ROW_CLOSE, "DONE STOP", "a", "hm", PAID, 0},
	{"<thinking>", BODY(TEXT("<thinking>h</think></thinking>a") STOP), ROW_CLOSE, "DONE STOP",
	 "a", "h</think>", PAID, 0},
	{"<think> that does not end", BODY(TEXT("<think>hm") TEXT(" so </thi") STOP), ROW_CLOSE,
	 "FAILED answer_thoughts", "", "hm so </thi", FREE, 0},
	{"what only looks like <think>", BODY(TEXT("<thi") TEXT("s> \xC3\xA9") STOP), ROW_CLOSE,
	 "DONE STOP", "<this> \xC3\xA9", "", PAID, 0},
	{"the beginning of a tag is all", BODY(TEXT("<thin") STOP), ROW_CLOSE, "DONE STOP", "<thin",
	 "", PAID, 0},
	{"<think> in the middle", BODY(TEXT("a<think>b</think>") STOP), ROW_CLOSE, "DONE STOP",
	 "a<think>b</think>", "", PAID, 0},
	{"thoughts alone", BODY(DELTA("'reasoning_content':'hm'") REASON("length") DONE), ROW_CLOSE,
	 "FAILED answer_thoughts", "", "hm", FREE, 0},
	{"thoughts, then cut", BODY(DELTA("'reasoning':'hm'")), ROW_CUT,
	 "FAILED provider_unavailable", "", "hm", FREE, 0},
	{"surrogates of thoughts and text do not mix",
	 BODY(DELTA("'reasoning':'\\ud83d','content':'\\ud83d'")
		      DELTA("'reasoning':'\\ude00','content':'\\ude00'") STOP),
	 ROW_CLOSE, "DONE STOP", SMILE, SMILE, PAID, 0},
};
const size_t answer_rows_n = sizeof answer_rows / sizeof *answer_rows;

char *answer_row_body(const struct answer_row *row)
{
	char *body = malloc(row->len + 1);

	ensure(body);
	memcpy(body, row->body, row->len + 1);
	for (size_t i = 0; i < row->len; i++)
		body[i] = body[i] == '\'' ? '"' : body[i];
	return body;
}
