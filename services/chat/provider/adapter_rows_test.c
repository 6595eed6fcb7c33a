/* Answers of Gemini and of OpenAI's Responses as they come over the wire, and what is made of
 * each. */
#include "adapter_test.h"

#include "chat/provider/gemini.h"
#include "chat/provider/responses.h"

#define BODY(text) text, sizeof(text) - 1
#define PAID true
#define FREE false

/* ---------------------------------------------------------------- Gemini: lines end in CR LF */
#define G(json) "data: " json "\r\n\r\n"
#define PARTS(parts) "{'candidates':[{'content':{'role':'model','parts':[" parts "]},'index':0}]}"
#define PARTS_END(parts, reason)                                                                 \
	"{'candidates':[{'content':{'role':'model','parts':[" parts "]},'finishReason':'" reason \
	"','index':0}]}"
#define GTEXT(text) G(PARTS("{'text':'" text "'}"))
#define GEND(reason) G("{'candidates':[{'finishReason':'" reason "','index':0}]}")
#define GUSAGE(members) G("{'candidates':[],'usageMetadata':{" members "}}")
#define CALL(args) "{'functionCall':{'id':'f1','name':'look','args':" args "}}"

/* ---------------------------------------------------------------- Responses */
#define R(type, members) "event: " type "\ndata: {'type':'" type "'," members "}\n\n"
#define RTEXT(text) R("response.output_text.delta", "'output_index':0,'delta':'" text "'")
#define RHEAD R("response.created", "'response':{'object':'response','status':'in_progress'}")
#define RUSAGE                                                                                    \
	"'usage':{'input_tokens':100,'input_tokens_details':{'cached_tokens':64},'output_tokens'" \
	":30,'output_tokens_details':{'reasoning_tokens':20},'total_tokens':130}"
#define RDONE \
	R("response.completed", "'response':{'object':'response','status':'completed'," RUSAGE "}")
#define RCUT(reason)                                                                          \
	R("response.incomplete", "'response':{'object':'response','status':'incomplete','inc" \
				 "omplete_details':{'reason':'" reason "'}," RUSAGE "}")
#define RITEM(type, at, item) R(type, "'output_index':" at ",'item':{" item "}")
#define THOUGHT                                                                               \
	"'type':'reasoning','id':'rs_1','summary':[{'type':'summary_text','text':'hm'}],'enc" \
	"rypted_content':'gAAA/+=='"
#define RCALL "'type':'function_call','id':'fc_1','call_id':'call_7','name':'look'"
#define WHOLE(status, more, output)                                                          \
	"{'id':'resp_1','object':'response','status':'" status "'," more "'output':[" output \
	"]," RUSAGE "}"
#define MESSAGE(text)                                                                             \
	"{'type':'message','role':'assistant','content':[{'type':'output_text','text':'" text "'" \
	"}]}"
#define RU "36/64/0/0/0/10/20"

#define FFFD "\xEF\xBF\xBD"
#define SMILE "\xF0\x9F\x98\x80"

const struct adapter_row adapter_rows[] = {
	/* -------------------------------------------------------- Gemini: text and ends */
	{&provider_gemini, "as the documentation has it",
	 BODY(GTEXT("Hi") GTEXT(" there")
		      G("{'candidates':[{'content':{'parts':[{'text':'!'}],'role':"
			"'model'},'finishReason':'STOP','index':0}],'usageMetadata'"
			":{'promptTokenCount':9,'candidatesTokenCount':4,"
			"'totalTokenCount':13},'modelVersion':'gemini-2.5-flash'}")),
	 "DONE STOP", "Hi there!", "", "", "9/0/0/0/0/4/0", PAID},
	{&provider_gemini, "lines that end in LF alone",
	 BODY("data: " PARTS_END("{'text':'a'}", "STOP") "\n\n"), "DONE STOP", "a", "", "", "",
	 PAID},
	{&provider_gemini, "not streamed: one object", BODY(PARTS_END("{'text':'a'}", "STOP")),
	 "DONE STOP", "a", "", "", "", PAID},
	{&provider_gemini, "not streamed: a list of objects",
	 BODY("[" PARTS("{'text':'a'}") ",\r\n" PARTS_END("{'text':'b'}", "STOP") "]"), "DONE STOP",
	 "ab", "", "", "", PAID},
	{&provider_gemini, "too long", BODY(GTEXT("a") GEND("MAX_TOKENS")), "DONE LENGTH", "a", "",
	 "", "", PAID},
	{&provider_gemini, "filtered in the middle", BODY(GTEXT("a") GEND("SAFETY")), "DONE FILTER",
	 "a", "", "", "", PAID},
	{&provider_gemini, "all of it filtered", BODY(GEND("PROHIBITED_CONTENT")),
	 "FAILED answer_filtered", "", "", "", "", FREE},
	{&provider_gemini, "RECITATION", BODY(GEND("RECITATION")), "FAILED answer_filtered", "", "",
	 "", "", FREE},
	{&provider_gemini, "BLOCKLIST", BODY(GEND("BLOCKLIST")), "FAILED answer_filtered", "", "",
	 "", "", FREE},
	{&provider_gemini, "SPII", BODY(GEND("SPII")), "FAILED answer_filtered", "", "", "", "",
	 FREE},
	{&provider_gemini, "LANGUAGE", BODY(GEND("LANGUAGE")), "FAILED answer_filtered", "", "", "",
	 "", FREE},
	{&provider_gemini, "IMAGE_SAFETY", BODY(GEND("IMAGE_SAFETY")), "FAILED answer_filtered", "",
	 "", "", "", FREE},
	{&provider_gemini, "OTHER after text", BODY(GTEXT("a") GEND("OTHER")), "DONE STOP", "a", "",
	 "", "", PAID},
	{&provider_gemini, "a reason of the next year", BODY(GTEXT("a") GEND("ASTRAY")),
	 "DONE STOP", "a", "", "", "", PAID},
	{&provider_gemini, "a reason that says nothing, then closed",
	 BODY(GTEXT("a") GEND("FINISH_REASON_UNSPECIFIED")), "DONE STOP", "a", "", "", "", PAID},
	{&provider_gemini, "a broken call of a tool", BODY(GEND("MALFORMED_FUNCTION_CALL")),
	 "AGAIN provider_broken", "", "", "", "", FREE},
	{&provider_gemini, "a broken call after text",
	 BODY(GTEXT("a") GEND("MALFORMED_FUNCTION_CALL")), "DONE STOP", "a", "", "", "", PAID},
	{&provider_gemini, "an empty STOP", BODY(G(PARTS_END("{'text':''}", "STOP"))),
	 "FAILED answer_empty", "", "", "", "", FREE},
	{&provider_gemini, "an empty STOP without content",
	 BODY(G("{'candidates':[{'content':{'role':'model'},'finishReason':'STOP'}],"
		"'usageMetadata':{'promptTokenCount':9,'totalTokenCount':9}}")),
	 "FAILED answer_empty", "", "", "", "9/0/0/0/0/0/0", FREE},
	{&provider_gemini, "a refused prompt",
	 BODY(G("{'promptFeedback':{'blockReason':'PROHIBITED_CONTENT'},'usageMetadata':{"
		"'promptTokenCount':9}}")),
	 "AGAIN prompt_flagged", "", "", "", "9/0/0/0/0/0/0", FREE},
	{&provider_gemini, "a prompt that is not refused",
	 BODY(G("{'promptFeedback':{'safetyRatings':[]},'candidates':[{'content':{'parts':[{"
		"'text':'a'}]},'finishReason':'STOP'}]}")),
	 "DONE STOP", "a", "", "", "", PAID},
	{&provider_gemini, "an error in the middle",
	 BODY(GTEXT("a") G("{'error':{'code':503,'message':'The model is overloaded.','status':"
			   "'UNAVAILABLE'}}")),
	 "FAILED provider_busy", "a", "", "", "", PAID},
	{&provider_gemini, "an error as a list",
	 BODY("[{'error':{'code':429,'message':'Resource has been exhausted','status':"
	      "'RESOURCE_EXHAUSTED'}}]"),
	 "AGAIN provider_busy", "", "", "", "", FREE},
	{&provider_gemini, "an error after the end",
	 BODY(GTEXT("a") GEND("STOP") G("{'error':{'code':500,'message':'bye'}}")), "DONE STOP",
	 "a", "", "", "", PAID},
	{&provider_gemini, "events that say nothing",
	 BODY(G("ping") G("{'x':NaN}") GTEXT("a") GEND("STOP")), "DONE STOP", "a", "", "", "",
	 PAID},
	{&provider_gemini, "[DONE] of a proxy", BODY(GTEXT("a") G("[DONE]")), "DONE STOP", "a", "",
	 "", "", PAID},
	{&provider_gemini, "a character in two events",
	 BODY(GTEXT("\\ud83d") GTEXT("\\ude00") GEND("STOP")), "DONE STOP", SMILE, "", "", "",
	 PAID},
	{&provider_gemini, "broken UTF-8 and NUL", BODY(GTEXT("a\xff\\u0000") GEND("STOP")),
	 "DONE STOP", "a" FFFD FFFD, "", "", "", PAID},
	{&provider_gemini, "two candidates: the first one",
	 BODY(G("{'candidates':[{'content':{'parts':[{'text':'a'}]},'finishReason':'STOP'},"
		"{'content':{'parts':[{'text':'b'}]}}]}")),
	 "DONE STOP", "a", "", "", "", PAID},

	/* -------------------------------------------------------- Gemini: thoughts and signatures */
	{&provider_gemini, "thoughts",
	 BODY(G(PARTS("{'text':'hm','thought':true}")) GTEXT("a") GEND("STOP")), "DONE STOP", "a",
	 "hm", "", "", PAID},
	{&provider_gemini, "thoughts alone",
	 BODY(G(PARTS_END("{'text':'hm','thought':true}", "MAX_TOKENS"))), "FAILED answer_thoughts",
	 "", "hm", "", "", FREE},
	{&provider_gemini, "a signature on a text",
	 BODY(GTEXT("a") G(PARTS("{'text':'b','thoughtSignature':'Ev+/=='}")) GTEXT("c")
		      GEND("STOP")),
	 "DONE STOP", "abc", "",
	 "{'type':'reasoning','api':'gemini','data':{'on':'text','thoughtSignature':'Ev+/=='}}\n",
	 "", PAID},
	{&provider_gemini, "a signature on an empty last text",
	 BODY(GTEXT("a") G(PARTS_END("{'text':'','thoughtSignature':'Ev'}", "STOP"))), "DONE STOP",
	 "a", "",
	 "{'type':'reasoning','api':'gemini','data':{'on':'text','thoughtSignature':'Ev'}}\n", "",
	 PAID},
	{&provider_gemini, "a call with a signature, STOP as its reason",
	 BODY(GTEXT("See.") G(PARTS_END("{'functionCall':{'id':'f1','name':'look','args':{'at': 'x"
					"','n':0.1}},'thoughtSignature':'Ev=='}",
					"STOP"))),
	 "DONE TOOLS", "See.", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{\\'at\\':\\'x\\',\\'n\\':0.1}'}\n"
	 "{'type':'reasoning','api':'gemini','data':{'on':'f1','thoughtSignature':'Ev=='}}\n",
	 "", PAID},
	{&provider_gemini, "two calls, one signature",
	 BODY(G(PARTS("{'functionCall':{'id':'f1','name':'look','args':{}},'thoughtSignature':'Ev'"
		      "},"
		      "{'functionCall':{'id':'f2','name':'hear'}}")) GTEXT("a") GEND("STOP")),
	 "DONE TOOLS", "a", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n"
	 "{'type':'reasoning','api':'gemini','data':{'on':'f1','thoughtSignature':'Ev'}}\n"
	 "{'type':'tool_call','index':1,'id':'f2','name':'hear'}\n"
	 "{'type':'tool_arguments','index':1,'delta':'{}'}\n",
	 "", PAID},
	{&provider_gemini, "a call alone", BODY(G(PARTS(CALL("{}"))) GEND("STOP")), "DONE TOOLS",
	 "", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n",
	 "", PAID},
	{&provider_gemini, "a call alone, then closed", BODY(G(PARTS(CALL("{}")))), "DONE TOOLS",
	 "", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n",
	 "", PAID},
	{&provider_gemini, "arguments with odd characters",
	 BODY(GTEXT("a") G(PARTS(CALL("{'q':'\xff\\ud800 \\u0022'}"))) GEND("STOP")), "DONE TOOLS",
	 "a", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{\\'q\\':\\'" FFFD FFFD " \\\\\\'\\'}'}\n",
	 "", PAID},
	{&provider_gemini, "arguments that are no JSON",
	 BODY(GTEXT("a") G(PARTS(CALL("{'q':NaN}"))) GEND("STOP")), "DONE TOOLS", "a", "",
	 "{'type':'tool_call','index':0,'id':'f1','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n",
	 "", PAID},

	/* -------------------------------------------------------- Gemini: usage */
	{&provider_gemini, "usage: the cache is inside the prompt",
	 BODY(GTEXT("a") GEND("STOP") GUSAGE(
		 "'promptTokenCount':100,'cachedContentTokenCount':64,'candidatesTokenCount':7")),
	 "DONE STOP", "a", "", "", "36/64/0/0/0/7/0", PAID},
	{&provider_gemini, "usage: thoughts are outside the answer",
	 BODY(GTEXT("a") GEND("STOP") GUSAGE("'promptTokenCount':100,'candidatesTokenCount':7,"
					     "'thoughtsTokenCount':50,'totalTokenCount':157")),
	 "DONE STOP", "a", "", "", "100/0/0/0/0/7/50", PAID},
	{&provider_gemini, "usage: prompts of tools are beside the prompt",
	 BODY(GTEXT("a") GEND("STOP") GUSAGE(
		 "'promptTokenCount':100,'toolUsePromptTokenCount':11,'candidatesTokenCount':7")),
	 "DONE STOP", "a", "", "", "111/0/0/0/0/7/0", PAID},
	{&provider_gemini, "usage: images are apart, those of the cache in the cache",
	 BODY(GTEXT("a") GEND("STOP")
		      GUSAGE("'promptTokenCount':700,'cachedContentTokenCount':300,"
			     "'candidatesTokenCount':7,'promptTokensDetails':[{'modality':'TEXT',"
			     "'tokenCount':184},{'modality':'IMAGE','tokenCount':516}],"
			     "'cacheTokensDetails':[{'modality':'IMAGE','tokenCount':258}]")),
	 "DONE STOP", "a", "", "", "142/300/0/0/258/7/0", PAID},
	{&provider_gemini, "usage: cumulative, so it is set",
	 BODY(G("{'candidates':[{'content':{'parts':[{'text':'a'}]}}],'usageMetadata':{"
		"'promptTokenCount':9,'candidatesTokenCount':1}}")
		      G("{'candidates':[{'content':{'parts':[{'text':'b'}]},'finishReason':"
			"'STOP'}],'usageMetadata':{'promptTokenCount':9,'candidatesTokenCount':2}"
			"}")),
	 "DONE STOP", "ab", "", "", "9/0/0/0/0/2/0", PAID},
	{&provider_gemini, "usage: the answer from the total",
	 BODY(GTEXT("a") GEND("STOP") GUSAGE("'promptTokenCount':9,'thoughtsTokenCount':5,"
					     "'totalTokenCount':20")),
	 "DONE STOP", "a", "", "", "9/0/0/0/0/6/5", PAID},
	{&provider_gemini, "usage: more in the cache than there was",
	 BODY(GTEXT("a") GEND("STOP") GUSAGE("'promptTokenCount':9,'cachedContentTokenCount':12,"
					     "'candidatesTokenCount':1")),
	 "DONE STOP", "a", "", "", "0/9/0/0/0/1/0", PAID},

	/* -------------------------------------------------------- Gemini: beside the text */
	{&provider_gemini, "log probabilities in OpenAI's shape",
	 BODY(GTEXT("a") G("{'candidates':[{'finishReason':'STOP','logprobsResult':{"
			   "'chosenCandidates':[{'token':'a','tokenId':7,'logProbability':-0.5}],"
			   "'topCandidates':[{'candidates':[{'token':'b','logProbability':-2}]}]"
			   "}}]}")),
	 "DONE STOP", "a", "",
	 "{'type':'logprobs','content':[{'token':'a','logprob':-0.5,'bytes':null,'top_logprobs':[{"
	 "'token':'b','logprob':-2.0,'bytes':null}]}]}\n",
	 "", PAID},
	{&provider_gemini, "sources",
	 BODY(GTEXT("a") G("{'candidates':[{'finishReason':'STOP','groundingMetadata':{"
			   "'groundingChunks':[{'web':{'uri':'https://a.example/','title':'A'}}]}}"
			   "]}")),
	 "DONE STOP", "a", "", "{'type':'citation','url':'https://a.example/','title':'A'}\n", "",
	 PAID},

	/* -------------------------------------------------------- Responses: text and ends */
	{&provider_responses, "as the documentation has it",
	 BODY(RHEAD R("response.in_progress", "'response':{}") RITEM(
		 "response.output_item.added", "0", "'type':'message','content':[]")
		      R("response.content_part.added", "'part':{}") RTEXT("Hi") RTEXT(" there")
			      R("response.output_text.done", "'text':'Hi there'")
				      RITEM("response.output_item.done", "0",
					    "'type':'message','content':[{'type':"
					    "'output_text','text':'Hi there'}]") RDONE),
	 "DONE STOP", "Hi there", "", "", RU, PAID},
	{&provider_responses, "without the line of the event's name",
	 BODY("data: {'type':'response.output_text.delta','delta':'a'}\n\ndata: {'type':"
	      "'response.completed','response':{'status':'completed'}}\n\n"),
	 "DONE STOP", "a", "", "", "", PAID},
	{&provider_responses, "without the member of the event's name",
	 BODY("event: response.output_text.delta\ndata: {'delta':'a'}\n\nevent: response.completed"
	      "\ndata: {'response':{'status':'completed'}}\n\n"),
	 "DONE STOP", "a", "", "", "", PAID},
	{&provider_responses, "not streamed", BODY(WHOLE("completed", "", MESSAGE("Hi"))),
	 "DONE STOP", "Hi", "", "", RU, PAID},
	{&provider_responses, "not streamed, as an event",
	 BODY("data: " WHOLE("completed", "", MESSAGE("Hi")) "\n\n"), "DONE STOP", "Hi", "", "", RU,
	 PAID},
	{&provider_responses, "not streamed, too long",
	 BODY(WHOLE("incomplete", "'incomplete_details':{'reason':'max_output_tokens'},",
		    MESSAGE("Hi"))),
	 "DONE LENGTH", "Hi", "", "", RU, PAID},
	{&provider_responses, "not streamed, failed",
	 BODY("{'object':'response','status':'failed','error':{'code':'server_error','message':'x'"
	      "},'output':[]}"),
	 "AGAIN provider_unavailable", "", "", "", "", FREE},
	{&provider_responses, "no deltas, all in the last event",
	 BODY(RHEAD R("response.completed", "'response':" WHOLE("completed", "", MESSAGE("Hi")))),
	 "DONE STOP", "Hi", "", "", RU, PAID},
	{&provider_responses, "no deltas, all in the item",
	 BODY(RITEM("response.output_item.done", "0",
		    "'type':'message','content':[{'type':'output_text','text':'Hi'}]") RDONE),
	 "DONE STOP", "Hi", "", "", RU, PAID},
	{&provider_responses, "too long", BODY(RTEXT("a") RCUT("max_output_tokens")), "DONE LENGTH",
	 "a", "", "", RU, PAID},
	{&provider_responses, "filtered in the middle", BODY(RTEXT("a") RCUT("content_filter")),
	 "DONE FILTER", "a", "", "", RU, PAID},
	{&provider_responses, "all of it filtered", BODY(RCUT("content_filter")),
	 "FAILED answer_filtered", "", "", "", RU, FREE},
	{&provider_responses, "a refusal",
	 BODY(R("response.refusal.delta", "'delta':'No'") R("response.refusal.delta", "'delta':'.'")
		      RDONE),
	 "DONE FILTER", "No.", "", "", RU, FREE},
	{&provider_responses, "nothing at all", BODY(RHEAD RDONE), "FAILED answer_empty", "", "",
	 "", RU, FREE},
	{&provider_responses, "failed",
	 BODY(RHEAD R("response.failed", "'response':{'status':'failed','error':{'code':"
					 "'rate_limit_exceeded','message':'x'}}")),
	 "AGAIN provider_busy", "", "", "", "", FREE},
	{&provider_responses, "failed after text",
	 BODY(RTEXT("a") R("response.failed", "'response':{'status':'failed','error':{'code':"
					      "'server_error','message':'x'}}")),
	 "FAILED provider_unavailable", "a", "", "", "", PAID},
	{&provider_responses, "failed: the prompt",
	 BODY(R("response.failed", "'response':{'error':{'code':'invalid_prompt','message':'x'}}")),
	 "AGAIN prompt_flagged", "", "", "", "", FREE},
	{&provider_responses, "an error",
	 BODY(R("error", "'code':'insufficient_quota','message':'x','param':null")),
	 "AGAIN provider_account", "", "", "", "", FREE},
	{&provider_responses, "an error in an object",
	 BODY("data: {'error':{'message':'x','code':503}}\n\n"), "AGAIN provider_unavailable", "",
	 "", "", "", FREE},
	{&provider_responses, "an error after the end",
	 BODY(RTEXT("a") RDONE R("error", "'code':'server_error'")), "DONE STOP", "a", "", "", RU,
	 PAID},
	{&provider_responses, "events that nobody knows",
	 BODY(R("keepalive", "'sequence_number':3") R("response.astray", "'x':1") RTEXT("a") RDONE),
	 "DONE STOP", "a", "", "", RU, PAID},
	{&provider_responses, "a character in two events",
	 BODY(RTEXT("\\ud83d") RTEXT("\\ude00") RDONE), "DONE STOP", SMILE, "", "", RU, PAID},
	{&provider_responses, "[DONE] of a proxy", BODY(RTEXT("a") "data: [DONE]\n\n"), "DONE STOP",
	 "a", "", "", "", PAID},

	/* -------------------------------------------------------- Responses: thoughts, tools */
	{&provider_responses, "thoughts come in two parts and go back encrypted",
	 BODY(RITEM("response.output_item.added", "0", "'type':'reasoning','summary':[]") R(
		 "response.reasoning_summary_part.added",
		 "'summary_index':0") R("response.reasoning_summary_text.delta", "'delta':'h'")
		      R("response.reasoning_summary_text.delta", "'delta':'m'")
			      R("response.reasoning_summary_part.added", "'summary_index':1")
				      R("response.reasoning_summary_text.delta", "'delta':'so'")
					      RITEM("response.output_item.done", "0", THOUGHT)
						      RTEXT("a") RDONE),
	 "DONE STOP", "a", "hm\n\nso",
	 "{'type':'reasoning','api':'openai_responses','data':{" THOUGHT "}}\n", RU, PAID},
	{&provider_responses, "thoughts of open models",
	 BODY(R("response.reasoning_text.delta", "'delta':'hm'") RTEXT("a") RDONE), "DONE STOP",
	 "a", "hm", "", RU, PAID},
	{&provider_responses, "thoughts in one piece",
	 BODY(WHOLE("completed", "", "{" THOUGHT "}," MESSAGE("a"))), "DONE STOP", "a", "hm",
	 "{'type':'reasoning','api':'openai_responses','data':{" THOUGHT "}}\n", RU, PAID},
	{&provider_responses, "thoughts that nobody can send back",
	 BODY(RITEM("response.output_item.done", "0",
		    "'type':'reasoning','summary':[],'encrypted_content':null") RTEXT("a") RDONE),
	 "DONE STOP", "a", "", "", RU, PAID},
	{&provider_responses, "a call",
	 BODY(RTEXT("See.") RITEM("response.output_item.added", "1", RCALL ",'arguments':''") R(
		 "response.function_call_arguments.delta", "'output_index':1,'delta':'{\\'at\\':'")
		      R("response.function_call_arguments.delta", "'output_index':1,'delta':'1}'")
			      R("response.function_call_arguments.done",
				"'output_index':1,'arguments':'{\\'at\\':1}'")
				      RITEM("response.output_item.done", "1",
					    RCALL ",'arguments':'{\\'at\\':1}'") RDONE),
	 "DONE TOOLS", "See.", "",
	 "{'type':'tool_call','index':0,'id':'call_7','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{\\'at\\':'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'1}'}\n",
	 RU, PAID},
	{&provider_responses, "a call alone",
	 BODY(RITEM("response.output_item.done", "0", RCALL ",'arguments':'{}'") RDONE),
	 "DONE TOOLS", "", "",
	 "{'type':'tool_call','index':0,'id':'call_7','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n",
	 RU, PAID},
	{&provider_responses, "calls without a place",
	 BODY(R("response.output_item.added", "'item':{" RCALL ",'arguments':''}")
		      R("response.function_call_arguments.delta", "'delta':'{}'")
			      R("response.output_item.done", "'item':{" RCALL ",'arguments':'{}'}")
				      R("response.output_item.done",
					"'item':{'type':'function_call','call_id':'call_8','name':"
					"'hear','arguments':'[]'}") RDONE),
	 "DONE TOOLS", "", "",
	 "{'type':'tool_call','index':0,'id':'call_7','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n"
	 "{'type':'tool_call','index':1,'id':'call_8','name':'hear'}\n"
	 "{'type':'tool_arguments','index':1,'delta':'[]'}\n",
	 RU, PAID},
	{&provider_responses, "a call whose arguments come at its end",
	 BODY(RTEXT("See.") RITEM("response.output_item.done", "1", RCALL ",'arguments':'{}'")
		      RDONE),
	 "DONE TOOLS", "See.", "",
	 "{'type':'tool_call','index':0,'id':'call_7','name':'look'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'{}'}\n",
	 RU, PAID},
	{&provider_responses, "two calls whose arguments mix",
	 BODY(RTEXT("See.") RITEM("response.output_item.added", "1", RCALL) RITEM(
		 "response.output_item.added", "2",
		 "'type':'function_call','call_id':'call_8','name':'hear'")
		      R("response.function_call_arguments.delta", "'output_index':2,'delta':'2'")
			      R("response.function_call_arguments.delta",
				"'output_index':1,'delta':'1'") RDONE),
	 "DONE TOOLS", "See.", "",
	 "{'type':'tool_call','index':0,'id':'call_7','name':'look'}\n"
	 "{'type':'tool_call','index':1,'id':'call_8','name':'hear'}\n"
	 "{'type':'tool_arguments','index':1,'delta':'2'}\n"
	 "{'type':'tool_arguments','index':0,'delta':'1'}\n",
	 RU, PAID},
	{&provider_responses, "log probabilities",
	 BODY(R("response.output_text.delta",
		"'delta':'a','logprobs':[{'token':'a','logprob':-0.5,'top_logprobs':[]}]") RDONE),
	 "DONE STOP", "a", "",
	 "{'type':'logprobs','content':[{'token':'a','logprob':-0.5,'top_logprobs':[]}]}\n", RU,
	 PAID},
	{&provider_responses, "sources",
	 BODY(RTEXT("a") R("response.output_text.annotation.added",
			   "'annotation':{'type':'url_citation','url':'https://a.example/','title':"
			   "'A'}") RDONE),
	 "DONE STOP", "a", "", "{'type':'citation','url':'https://a.example/','title':'A'}\n", RU,
	 PAID},
	{&provider_responses, "usage: more inside than there is",
	 BODY(RTEXT("a") R("response.completed",
			   "'response':{'usage':{'input_tokens':5,'input_tokens_details':{"
			   "'cached_tokens':9},'output_tokens':3,'output_tokens_details':{"
			   "'reasoning_tokens':7}}}")),
	 "DONE STOP", "a", "", "", "0/5/0/0/0/0/3", PAID},
	{&provider_responses, "usage: what was written to the cache is inside the prompt",
	 BODY(RTEXT("a") R("response.completed",
			   "'response':{'usage':{'input_tokens':100,'input_tokens_details':{"
			   "'cached_tokens':10,'cache_write_tokens':20},'output_tokens':3}}")),
	 "DONE STOP", "a", "", "", "70/10/20/0/0/3/0", PAID},
};
const size_t adapter_rows_n = sizeof adapter_rows / sizeof *adapter_rows;
