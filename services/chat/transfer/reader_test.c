/* Readers of other programs' files, and the trees that are made of them. In these fixtures ' stands
 * for ". */
#include "../chat_test.h"
#include "chat/transfer/plant.h"
#include "chat/transfer/split.h"

#define MESSAGES_MAX 1000

/* One chat, read and planted. */
struct given {
	struct arena *arena;
	struct import_chat chat;
	struct plant plant;
	enum plant_result result;
	bool known;
};

static char *quoted(struct arena *arena, const char *text)
{
	char *copy = arena_strdup(arena, text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static struct given give_bytes(const char *text, size_t len)
{
	struct given given = {.arena = arena_new(65536, 64 << 20)};

	given.known = import_chat_read(given.arena, text, len, &given.chat);
	if (given.known)
		given.result = plant_make(given.arena, &given.chat, MESSAGES_MAX, &given.plant);
	return given;
}

static struct given give(const char *text)
{
	struct arena *arena = arena_new(4096, 16 << 20);
	char *json = quoted(arena, text);
	struct given given = give_bytes(json, strlen(json));

	arena_free(arena);
	return given;
}

/* A line for each message: its depth and position, its role, its text with reasoning in (). */
static void expect_tree(struct given *given, const char *lines)
{
	static const char roles[] = {'U', 'A', 'S'};
	struct buf out;

	assert_true(given->known);
	assert_int_equal(given->result, PLANT_GROWN);
	buf_init(&out, 1 << 20);
	for (size_t i = 0; i < given->plant.n; i++) {
		const struct plant_message *m = &given->plant.messages[i];

		buf_addf(&out, "%d.%d %c %s", m->depth, m->position, roles[m->role], m->text);
		if (*m->reasoning)
			buf_addf(&out, " (%s)", m->reasoning);
		if (given->plant.leaf == (int32_t)i)
			buf_adds(&out, " <");
		buf_addc(&out, '\n');
		assert_true(m->parent < (int32_t)i && m->jump < (int32_t)i);
		if (i > 0)
			assert_true(strcmp(m->id, given->plant.messages[i - 1].id) > 0);
	}
	assert_string_equal(buf_text(&out), lines);
	buf_done(&out);
	arena_free(given->arena);
}

#define NODE(id, parent, message) \
	"'" id "':{'id':'" id "','parent':" parent ",'message':" message "}"
#define SAYS(role, time, text)                              \
	"{'author':{'role':'" role "'},'create_time':" time \
	",'content':{'content_type':'text','parts':['" text "']},'metadata':{}}"
#define GPT(leaf, nodes)                                                             \
	"{'title':'T','create_time':1700000000.5,'update_time':1700000100,"          \
	"'conversation_id':'c1','default_model_slug':'gpt-4o','current_node':'" leaf \
	"','mapping':{" nodes "}}"

static void a_branch_and_its_siblings(void **state)
{
	struct given given = give(GPT(
		"d",
		NODE("r", "null", "null") "," NODE("a", "'r'", SAYS("user", "1", "q")) "," NODE(
			"b", "'a'",
			SAYS("assistant", "2",
			     "one")) "," NODE("c", "'a'",
					      SAYS("assistant", "3",
						   "two")) "," NODE("d", "'b'",
								    SAYS("user", "4", "more"))));

	assert_string_equal(given.chat.source, "c1");
	assert_string_equal(given.chat.program, "CHATGPT");
	assert_int_equal(given.chat.create_us, 1700000000500000);
	assert_string_equal(given.plant.messages[1].model, "gpt-4o"); /* of the conversation */
	expect_tree(&given, "0.1 U q\n1.1 A one\n1.2 A two\n2.1 U more <\n");
}

static void no_metadata_and_hidden_nodes(void **state)
{
	struct given given = give(GPT(
		"b",
		NODE("r", "null", "null") "," NODE("s", "'r'", SAYS("system", "1", "secret")) "," NODE(
			"h", "'s'",
			"{'author':{'role':'user'},'content':{'content_type':'user_editable_"
			"context','user_profile':'x'},'metadata':{'is_visually_hidden_from_"
			"conversation':true}}") "," NODE("a", "'h'",
							 "{'author':{'role':'user'},'content':{"
							 "'content_type':'text','parts':['q']}"
							 "}") "," NODE("b", "'a'",
								       SAYS("assistant", "null",
									    "an answer"))));

	assert_int_equal(given.chat.hidden, 2);
	expect_tree(&given, "0.1 U q\n1.1 A an answer <\n");
}

static void parts_of_one_answer_are_one_message(void **state)
{
	struct given given = give(GPT(
		"e",
		NODE("a", "null", SAYS("user", "1", "q")) "," NODE(
			"b", "'a'",
			"{'author':{'role':'assistant'},'content':{"
			"'content_type':'thoughts',"
			"'thoughts':[{'summary':'S','content':'C'}]"
			"}}") "," NODE("c", "'b'",
				       "{'author':{'role':'"
				       "assistant'},'recipient':'"
				       "python','content':"
				       "{'content_type':'code','"
				       "language':'python','text':'"
				       "1+1'}}") "," NODE("d", "'c'",
							  "{'"
							  "author':"
							  "{'role':"
							  "'tool'},"
							  "'content"
							  "':{'"
							  "content_"
							  "type':"
							  "'executi"
							  "on_"
							  "output',"
							  "'text':'"
							  "2'}}") "," NODE("x", "'d'",
									   "{'author':{'role':'"
									   "assistant'},'content':{"
									   "'content_type':"
									   "'reasoning_recap','"
									   "content':'Thought for "
									   "5s'}}") "," NODE("e",
											     "'x'",
											     SAYS("assistant",
												  "5",
												  "It is 2."))));

	expect_tree(&given, "0.1 U q\n1.1 A ```python\n1+1\n```\n\n```\n2\n```\n\nIt is 2."
			    " (S\n\nC\n\nThought for 5s) <\n");
}

static void content_types(void **state)
{
	struct given given = give(GPT(
		"b",
		NODE("a", "null",
		     "{'author':{'role':'user'},'content':{'"
		     "content_type':'multimodal_text','parts':"
		     "['look',{'content_type':'image_asset_"
		     "pointer','asset_pointer':'file-1'},"
		     "{'content_type':'audio_transcription','"
		     "text':'heard'},{'odd':1},null]},"
		     "'metadata':{'attachments':[{'name':'a."
		     "png'}]}}") "," NODE("t", "'a'",
					  "{'author':{'role':'"
					  "user'},'content':{'"
					  "content_type':'"
					  "text','parts':['"
					  "see']},"
					  "'metadata':{'"
					  "attachments':[{'"
					  "name':'b`c.pdf'}]}"
					  "}") "," NODE("b", "'t'",
							"{'"
							"autho"
							"r':{'"
							"role'"
							":'"
							"assis"
							"tant'"
							"},'"
							"conte"
							"nt':{"
							"'cont"
							"ent_"
							"type'"
							":"
							"'made"
							"_up',"
							"'x':'"
							"```'}"
							"}") "," NODE("c", "'b'",
								      "{'author':{'role':'tool'},'"
								      "content':{'content_type':"
								      "'tether_quote','title':'T','"
								      "url':'http://"
								      "x','text':'quote'}}")));

	assert_int_equal(given.chat.unknown, 2);
	assert_int_equal(given.chat.attachments, 2);
	expect_tree(&given,
		    "0.1 U look\n\n*[attachment not imported: `file-1`]*\n\nheard\n\n```json\n"
		    "{\"odd\":1}\n```\n"
		    "1.1 U see\n\n*[attachment not imported: `b c.pdf`]*\n"
		    "2.1 A ````json\n{\"content_type\":\"made_up\",\"x\":\"```\"}\n````"
		    "\n\nT\n\nhttp://x\n\nquote <\n");
}

static void broken_trees(void **state)
{
	struct given circle =
		give(GPT("a", NODE("a", "'b'", SAYS("user", "1", "a")) "," NODE(
				      "b", "'a'",
				      SAYS("user", "2", "b")) "," NODE("s", "'s'",
								       SAYS("user", "3", "self"))));
	struct given missing =
		give(GPT("gone", NODE("a", "'nowhere'", SAYS("user", "1", "a")) "," NODE(
					 "b", "'a'", SAYS("assistant", "2", "b"))));
	struct given twice = give(GPT(
		"a", NODE("a", "null", SAYS("user", "1", "first")) "," NODE(
			     "a", "null",
			     SAYS("user", "2", "second")) "," NODE("b", "'a'",
								   SAYS("assistant", "3", "b"))));
	struct given late =
		give(GPT("b", NODE("a", "null", SAYS("user", "9", "asked late")) "," NODE(
				      "b", "'a'", SAYS("assistant", "1", "b"))));
	struct given empty = give(GPT("r", NODE("r", "null", "null")));

	assert_int_equal(circle.plant.mended, 2);
	assert_int_equal(missing.plant.mended, 1);
	assert_int_equal(twice.plant.mended, 1);
	assert_int_equal(empty.result, PLANT_EMPTY);
	expect_tree(&circle, "0.1 U b\n1.1 U a <\n0.2 U self\n");
	expect_tree(&missing, "0.1 U a\n1.1 A b <\n");
	expect_tree(&twice, "0.1 U first <\n0.2 U second\n1.1 A b\n");
	expect_tree(&late, "0.1 U asked late\n1.1 A b <\n");
	arena_free(empty.arena);
}

static void texts_are_mended(void **state)
{
	static const char json[] =
		"{\"conversation_id\":\"c\",\"mapping\":{\"a\":{\"parent\":null,\"message\":{"
		"\"author\":{\"role\":\"user\"},\"content\":{\"content_type\":\"text\",\"parts\":"
		"[\"\\u0000 \\ud800 \\ud83d\\ude00 \xff\"]}}}}}";
	struct given given = give_bytes(json, sizeof json - 1);

	expect_tree(&given, "0.1 U \uFFFD \uFFFD \U0001F600 \uFFFD <\n");
}

static void long_messages_become_several(void **state)
{
	struct arena *arena = arena_new(4096, 8 << 20);
	size_t len = PLANT_TEXT_MAX + 100;
	char *text = arena_alloc(arena, len + 1);
	struct given given;
	char *json;

	for (size_t i = 0; i < len; i += 2) /* é: no character is cut in two */
		memcpy(text + i, "\xC3\xA9", 2);
	text[len] = '\0';
	text[0] = 'x';
	text[1] = 'y';
	json = quoted(arena,
		      arena_printf(arena,
				   GPT("b", NODE("a", "null", SAYS("user", "1", "%s")) "," NODE(
						    "b", "'a'", SAYS("assistant", "2", "b"))),
				   text));
	given = give_bytes(json, strlen(json));
	assert_int_equal(given.result, PLANT_GROWN);
	assert_int_equal(given.plant.n, 3);
	assert_int_equal(given.plant.split, 1);
	assert_int_equal(given.plant.messages[1].parent, 0);
	assert_int_equal(given.plant.messages[2].parent, 1);
	assert_int_equal(
		strlen(given.plant.messages[0].text) + strlen(given.plant.messages[1].text), len);
	arena_free(given.arena);
	arena_free(arena);
}

static void claude(void **state)
{
	struct given given = give(
		"{'uuid':'u1','name':'N','created_at':'2025-01-02T03:04:05.123456Z','updated_at':"
		"'2025-01-03T03:04:05Z','chat_messages':[{'uuid':'a','sender':'human','text':'old',"
		"'content':[{'type':'text','text':'q'}],'attachments':[{'file_name':'f.txt',"
		"'extracted_content':'inside'}],'files':[{'file_name':'p.png'}]},{'uuid':'b','"
		"sender':"
		"'assistant','content':[{'type':'thinking','thinking':'hm'},{'type':'text','text':"
		"'one'},{'type':'tool_use','name':'x'},{'type':'text','text':'two'},{'type':'new',"
		"'y':1}]},{'uuid':'c','sender':'assistant','parent_message_uuid':'a','text':'other'"
		","
		"'content':[]}]}");

	assert_string_equal(given.chat.program, "CLAUDE");
	assert_int_equal(given.chat.attachments, 2);
	assert_int_equal(given.chat.unknown, 1);
	assert_int_equal(given.chat.hidden, 1);
	expect_tree(&given,
		    "0.1 U q\n\n*[attachment not imported: `f.txt`]*\n\n```\ninside\n```\n\n"
		    "*[attachment not imported: `p.png`]*\n"
		    "1.1 A one\n\ntwo\n\n```json\n{\"type\":\"new\",\"y\":1}\n``` (hm)\n"
		    "1.2 A other <\n");
}

static void librechat(void **state)
{
	struct given flat = give(
		"{'conversationId':'l1','title':'L','options':{'model':'m'},'messages':[{'"
		"messageId':"
		"'a','parentMessageId':'00000000-0000-0000-0000-000000000000','isCreatedByUser':"
		"true,"
		"'text':'q'},{'messageId':'b','parentMessageId':'a','text':'','content':[{'type':"
		"'think','think':'hm'},{'type':'text','text':{'value':'one'}}],'model':'gpt'},"
		"{'messageId':'c','parentMessageId':'a','text':'two','files':[{'filename':'f'}]}]"
		"}");
	struct given tree = give(
		"{'conversationId':'l2','recursive':true,'messages':[{'messageId':'a',"
		"'isCreatedByUser':true,'text':'q','children':[{'messageId':'b','text':'one',"
		"'children':[{'messageId':'d','isCreatedByUser':true,'text':'deep'}]},{'messageId':"
		"'c','text':'two','children':[]}]}]}");

	assert_string_equal(flat.plant.messages[1].model, "gpt");
	expect_tree(&flat, "0.1 U q\n1.1 A one (hm)\n"
			   "1.2 A two\n\n*[attachment not imported: `f`]* <\n");
	expect_tree(&tree, "0.1 U q\n1.1 A one\n2.1 U deep\n1.2 A two <\n");
}

static void open_webui(void **state)
{
	struct given given = give(
		"{'id':'o1','title':'O','created_at':1700000000,'updated_at':1700000001,'pinned':"
		"true,"
		"'archived':true,'chat':{'models':['m'],'history':{'currentId':'b','messages':{'a':"
		"{"
		"'id':'a','parentId':null,'role':'user','content':'q','timestamp':5,'files':[{'"
		"name':"
		"'f'}]},'c':{'id':'c','parentId':'a','role':'assistant','content':'two','timestamp'"
		":"
		"7},'b':{'id':'b','parentId':'a','role':'assistant','model':'llama','timestamp':6,"
		"'content':'<details type=\\\"reasoning\\\" "
		"done=\\\"true\\\">\\n<summary>S</summary>"
		"\\nhm\\n</details>\\none'}}}}}");

	assert_true(given.chat.pinned && given.chat.archived);
	assert_string_equal(given.plant.messages[1].model, "llama");
	expect_tree(&given, "0.1 U q\n\n*[attachment not imported: `f`]*\n1.1 A one (hm) <\n"
			    "1.2 A two\n");
}

static void what_is_no_chat(void **state)
{
	static const char *const texts[] = {"{}",
					    "[]",
					    "{'mapping':[]}",
					    "{'messages':[]}",
					    "{'a':",
					    "{'format':'limitless-chat/2','messages':[]}"};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct given given = give(texts[i]);

		assert_false(given.known);
		arena_free(given.arena);
	}
}

static void too_many_messages(void **state)
{
	struct arena *arena = arena_new(65536, 16 << 20);
	struct buf text;
	struct given given;

	buf_init(&text, 8 << 20);
	buf_adds(&text, "{\"mapping\":{\"r\":{}");
	for (int i = 0; i <= MESSAGES_MAX; i++)
		buf_addf(&text,
			 ",\"n%d\":{\"parent\":\"n%d\",\"message\":{\"author\":{\"role\":\"user\"},"
			 "\"content\":{\"content_type\":\"text\",\"parts\":[\"x\"]}}}",
			 i, i - 1);
	buf_adds(&text, "}}");
	given = give_bytes(buf_text(&text), text.len);
	assert_int_equal(given.result, PLANT_TOO_MANY);
	arena_free(given.arena);
	buf_done(&text);
	arena_free(arena);
}

/* ---------------------------------------------------------------- elements of a file */

/* The elements of a text in pieces of this size, each in [], or "no". */
static void expect_elements(const char *text, size_t step, const char *expected)
{
	struct split split;
	struct buf out;
	size_t at = 0, len = strlen(text);

	split_init(&split, 20, 0);
	buf_init(&out, 4096);
	while (at < len) {
		size_t n = len - at < step ? len - at : step, used = 0;
		enum split_end end = split_feed(&split, text + at, n, &used);

		if (end == SPLIT_NO_JSON) {
			buf_adds(&out, "no");
			break;
		}
		if (end == SPLIT_ELEMENT) {
			buf_addf(&out, "[%s]", split.too_large ? "large" : buf_text(&split.text));
			split_next(&split);
		}
		at += used;
	}
	if (split_is_inside(&split))
		buf_adds(&out, "cut");
	assert_string_equal(buf_text(&out), expected);
	split_done(&split);
	buf_done(&out);
}

static void elements_are_found(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {
		{"[{\"a\":1}, {\"b\":[2]}]", "[{\"a\":1}][{\"b\":[2]}]"},
		{"\xEF\xBB\xBF [ ]", ""},
		{" {\"a\":{}} ", "[{\"a\":{}}]"},
		{"[{\"}\\\"]\":1},{}]", "[{\"}\\\"]\":1}][{}]"},
		{"[1,\"x]{\",null,{}]", "[{}]"},
		{"[{\"long\":\"0123456789012345678\"},{}]", "[large][{}]"},
		{"[{\"a\":", "cut"},
		{"<html>", "no"},
		{"[{}] {}", "[{}]"},
		{"{}{}", "[{}]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t step = 1; step < 40; step++)
			expect_elements(cases[i].text, step, cases[i].expected);
}

int import_reader_tests(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_branch_and_its_siblings),
		cmocka_unit_test(no_metadata_and_hidden_nodes),
		cmocka_unit_test(parts_of_one_answer_are_one_message),
		cmocka_unit_test(content_types),
		cmocka_unit_test(broken_trees),
		cmocka_unit_test(texts_are_mended),
		cmocka_unit_test(long_messages_become_several),
		cmocka_unit_test(claude),
		cmocka_unit_test(librechat),
		cmocka_unit_test(open_webui),
		cmocka_unit_test(what_is_no_chat),
		cmocka_unit_test(too_many_messages),
		cmocka_unit_test(elements_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
