/* The words of texts and queries, and the parts of texts that show them. */
#include "../chat_test.h"
#include "chat/search/query.h"
#include "chat/search/snippet.h"
#include "chat/search/words.h"

static bool join(void *ctx, const struct word *word)
{
	buf_addf(ctx, "%s%d:%s", ((struct buf *)ctx)->len ? " " : "", (int)word->position,
		 word->text);
	return true;
}

static void words_are_read(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", ""},
		{" \t.,;!? ", ""},
		{"Hello, World-wide WEB", "1:hello 2:world 3:wide 4:web"},
		{"don't foo_bar 3.14 C++", "1:don 2:t 3:foo 4:bar 5:3 6:14 7:c"},
		{"Äpfel ÉTÉ naïve Ångström", "1:apfel 2:ete 3:naive 4:angstrom"},
		{"e\xcc\x81te\xcc\x81", "1:ete"}, /* decomposed */
		{"Straße STRASSE Łódź Ørsted Æsir œuvre",
		 "1:strasse 2:strasse 3:lodz 4:orsted 5:aesir 6:oeuvre"},
		{"ﬁne ＡＢＣ １２ ½", "1:fine 2:abc 3:12 4:1 5:2"},
		{"Ёлка йод", "1:елка 2:иод"},
		{"ΆΛΦΑ άλφας", "1:αλφα 2:αλφασ"},
		{"İstanbul ısı", "1:istanbul 2:isi"},
		{"Tiếng Việt đường", "1:tieng 2:viet 3:duong"},
		{"東京都", "1:東京 2:京都 3:都"},
		{"京", "1:京"},
		{"カタカナ ﾊﾞﾊﾞ", "1:カタ 2:タカ 3:カナ 4:ナ 5:ババ 6:バ"},
		{"かが", "1:かが 2:が"}, /* a voiced kana is another letter */
		{"한국어 검색", "1:한국 2:국어 3:어 4:검색 5:색"},
		{"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab국", "1:한국 2:국"}, /* of single sounds */
		{"ไทย", "1:ไท 2:ทย 3:ย"},
		{"GPT4で検索 ok", "1:gpt4 2:で検 3:検索 4:索 5:ok"},
		{"مُحَمَّد", "1:محمد"},
		{"so\xc2\xad"
		 "ft",
		 "1:soft"}, /* a soft hyphen */
		{"a🎉b", "1:a 2:🎉 3:b"},
		{"x\xff\xfey", "1:x 2:y"},
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(buf_done) struct buf out;

		buf_init(&out, 4096);
		words_split(rows[i].text, strlen(rows[i].text), join, &out);
		assert_string_equal(buf_text(&out), rows[i].words);
	}
}

struct longest {
	size_t n, bytes;
};

static bool note(void *ctx, const struct word *word)
{
	struct longest *longest = ctx;

	assert_int_equal(word->position, (int)++longest->n);
	assert_true(word->from < word->to && word->first_to <= word->to);
	if (word->len > longest->bytes)
		longest->bytes = word->len;
	return true;
}

/* Whatever the bytes are, words are short, and reading them takes as long as they are many. */
static void hostile_texts_are_read(void **state)
{
	static const char *const parts[] = {"a",    "\xcc\x81", "漢", "ﷺ", "\xe1\x85\xa1",
					    "\xff", "é",        " "};
	size_t len = 1 << 20;
	char *text = malloc(len + 8);
	(void)state;

	for (size_t p = 0; p < ARRAY_SIZE(parts); p++) {
		struct longest longest = {0};
		size_t at = 0;
		int64_t begun = clock_mono_us();

		while (at < len) {
			memcpy(text + at, parts[p], strlen(parts[p]));
			at += strlen(parts[p]);
		}
		words_split(text, at, note, &longest);
		assert_true(longest.bytes <= WORD_BYTES_MAX);
		assert_true(clock_mono_us() - begun < 20 * US_PER_S);
	}
	free(text);
}

static void queries_are_read(void **state)
{
	static const struct {
		const char *q, *text;
	} rows[] = {
		{"", ""},
		{" ?! ", ""},
		{"owl", "('@owl':*)"},
		{"owl ", "('@owl')"},
		{"Barn owl", "('@barn') & ('@owl':*)"},
		{"\"barn owl\"", "('@barn' <1> '@owl')"},
		{"\"barn ow", "('@barn' <1> '@ow':*)"},
		{"“barn owl” x ", "('@barn' <1> '@owl') & ('@x')"},
		{"dat* base ", "('@dat':*) & ('@base')"},
		{"foo.bar ", "('@foo' <1> '@bar')"},
		{"東京都 ", "('@東京' <1> '@京都')"},
		{"京", "('@京':*)"},
		{"東京 京", "('@東京') & ('@京':*)"},
		{"\"東京 tower\"", "('@東京' <2> '@tower')"},
		{"한국어", "('@한국' <1> '@국어':*)"},
		{"'x' | !y:* & z\\ ", "('@x') & ('@y':*) & ('@z')"},
		{"\"\" \"", ""},
	};
	struct arena *arena = arena_new(4096, 1 << 20);
	struct query query;
	struct error err;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(query_read(arena, rows[i].q, 64, &query, &err), OK);
		assert_string_equal(query.text, rows[i].text);
	}
	assert_int_equal(query_read(arena, "a b c d", 4, &query, &err), OK);
	assert_int_equal(query_read(arena, "a b c d e", 4, &query, &err), INVALID_ARGUMENT);
	assert_string_equal(err.field, "q");
	arena_free(arena);
}

/* U+0002 and U+0003 are written as [ and ]. */
static void snippets_show_matches(void **state)
{
	static const struct {
		const char *q, *text, *snippet;
	} rows[] = {
		{"owl ", "The barn owl\n\nsleeps.", "The barn [owl] sleeps."},
		{"ow", "Owls and cows", "[Owls] and cows"},
		{"ETE ", "un été chaud", "un [été] chaud"},
		{"\"barn owl\"", "owl barn, barn owl barn", "owl barn, [barn owl] barn"},
		{"東京 ", "私は東京都に京都", "私は[東京]都に京都"},
		{"東京都", "私は東京都に京都", "私は[東京都]に京都"},
		{"京", "東京に京都", "東[京]に[京]都"},
		{"nothing", "here", "here"},
		{"b", "a\2b\3", "a [b] "},
		{"strasse ", "Die Straße.", "Die [Straße]."},
	};
	struct arena *arena = arena_new(4096, 16 << 20);
	struct query query;
	struct error err;
	char *text = arena_zalloc(arena, 200001), *snippet;
	(void)state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(query_read(arena, rows[i].q, 64, &query, &err), OK);
		snippet = snippet_make(arena, &query, rows[i].text);
		for (char *p = snippet; *p; p++)
			*p = *p == '\2' ? '[' : *p == '\3' ? ']' : *p;
		assert_string_equal(snippet, rows[i].snippet);
	}
	/* The place where both words are near, in a long text. */
	memset(text, 'x', 200000);
	for (size_t i = 0; i < 200000; i += 7)
		text[i] = ' ';
	memcpy(text + 1000, " owl ", 5);
	memcpy(text + 150000, " owl of the barn ", 17);
	assert_int_equal(query_read(arena, "barn owl ", 64, &query, &err), OK);
	snippet = snippet_make(arena, &query, text);
	assert_non_null(strstr(snippet, "\2owl\3 of the \2barn\3"));
	assert_true(strlen(snippet) < 400);
	assert_int_equal(strncmp(snippet, "…", 3), 0);
	arena_free(arena);
}

int words_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_read),
		cmocka_unit_test(hostile_texts_are_read),
		cmocka_unit_test(queries_are_read),
		cmocka_unit_test(snippets_show_matches),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
