/* Templates, over RPC, and their texts with variables. */
#include "../chat_test.h"

#include "chat/template/fill.h"

static void texts_are_read_and_filled(void **state)
{
	static const struct {
		const char *text, *values, *expected; /* values: "name=value;…" */
	} cases[] = {
		{"Hello", "", "Hello"},
		{"Hello {{name}}!", "name=Ada", "Hello Ada!"},
		{"{{ a }}{{a}}", "a=x", "xx"},
		{"{{a = one two }}|", "", "one two|"},
		{"{{a = one}}", "a=", ""},
		{"{{a=}}x", "", "x"},
		{"{{a}} {{b}}", "a={{b}};b={{a}}", "{{b}} {{a}}"}, /* no recursion */
		{"{{n: number = 3}} {{n}}", "", "3 3"},
		{"{{n}} {{n: number = 3}}", "n=-2.5", "-2.5 -2.5"},
		{"{{d: date}}", "d=2024-02-29", "2024-02-29"},
		{"{{t: formal | friendly = formal}}", "t=friendly", "friendly"},
		{"\\{{raw}} {{a = 1}}", "", "{{raw}} 1"},
		{"{{ville de départ}}", "ville de départ=Łódź", "Łódź"},
		{"}} { {", "", "}} { {"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fill_value values[4];
		struct error err;
		struct fill fill;
		size_t n = 0;
		char *text, *rest = arena_strdup(arena, cases[i].values), *one;

		while ((one = strsep(&rest, ";")) && *one) {
			values[n].name = strsep(&one, "=");
			values[n++].value = one;
		}
		assert_int_equal(fill_read(arena, cases[i].text, 50, &fill, &err), OK);
		if (fill_in(arena, &fill, values, n, false, 1000, &text, &err) != OK)
			fail_msg("%s: %s", cases[i].text, err.message);
		assert_string_equal(text, cases[i].expected);
	}
}

static void bad_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"{{",
		"{{a",
		"{{}}",
		"{{ : number}}",
		"{{{a}}}",
		"{{a: colour}}",
		"{{a: x || y}}",
		"{{a: x | y = z}}",
		"{{n: number = x}}",
		"{{d: date = 2023-02-29}}",
		"{{a = 1}}{{a = 2}}",
		"{{style: 'red'}}",
		"{{a\nb}}",
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct error err;
	struct fill fill;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		if (fill_read(arena, texts[i], 50, &fill, &err) != INVALID_ARGUMENT)
			fail_msg("%s is taken", texts[i]);
		assert_string_equal(err.field, "text");
	}
	assert_int_equal(fill_read(arena, "{{a}}{{b}}{{c}}", 2, &fill, &err), INVALID_ARGUMENT);
}

static void bad_values_are_refused(void **state)
{
	static const struct {
		const char *name, *value, *reason, *field;
	} cases[] = {
		{"a", "1", "field_required", "variables.d"},
		{"x", "1", "field_unknown", "variables.x"},
		{"a", "1e9", "field_invalid", "variables.a"},
		{"a", "--1", "field_invalid", "variables.a"},
		{"d", "2024-13-01", "field_invalid", "variables.d"},
		{"c", "three", "field_invalid", "variables.c"},
		{"e", "a long text that has more bytes than there may be", "field_too_long",
		 "variables"},
	};
	_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
	struct error err;
	struct fill fill;
	char *text;

	(void)state;
	assert_int_equal(fill_read(arena,
				   "{{a: number = 1}}{{c: one | two = one}}{{e = }}{{d: date}}", 50,
				   &fill, &err),
			 OK);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fill_value values[] = {{cases[i].name, cases[i].value},
						    {"d", "2024-01-01"}};

		assert_int_equal(fill_in(arena, &fill, values,
					 i == 0   ? 1
					 : i == 4 ? 1
						  : 2,
					 false, 30, &text, &err),
				 INVALID_ARGUMENT);
		assert_string_equal(err.reason, cases[i].reason);
		assert_string_equal(err.field, cases[i].field);
	}
}

/* Any bytes are read or refused, and what is read is filled in. */
static void random_texts_do_no_harm(void **state)
{
	static const char *const parts[] = {"{{", "}}", "{",      "}",    "\\", ":", "=", "|",
					    "a",  " ",  "number", "date", "\n", "1", "é"};
	unsigned seed = (unsigned)clock_wall_us();
	size_t read = 0;

	(void)state;
	print_message("seed %u\n", seed);
	for (int i = 0; i < 20000; i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new(4096, 1 << 20);
		char text[200], *filled;
		struct error err;
		struct fill fill;
		size_t len = 0;

		for (int k = rand_r(&seed) % 20; k > 0; k--)
			len += (size_t)snprintf(text + len, sizeof text - len, "%s",
						parts[(size_t)rand_r(&seed) % ARRAY_SIZE(parts)]);
		text[len] = '\0';
		if (fill_read(arena, text, 3, &fill, &err) != OK)
			continue;
		read++;
		assert_int_equal(fill_in(arena, &fill, NULL, 0, true, 1000, &filled, &err), OK);
	}
	assert_true(read > 100);
}

static char *new_template(struct stage *stage, const char *title, const char *text, bool is_public)
{
	Chat__V1__CreateTemplateRequest req = CHAT__V1__CREATE_TEMPLATE_REQUEST__INIT;
	Chat__V1__Template *template;

	req.title = (char *)title;
	req.text = (char *)text;
	req.public_ = is_public;
	stage_ok(stage, chat_v1_create_template, &req, &template);
	return template->id;
}

static void a_template_is_made_and_rendered(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateTemplateRequest create = CHAT__V1__CREATE_TEMPLATE_REQUEST__INIT;
	Chat__V1__RenderTemplateRequest render = CHAT__V1__RENDER_TEMPLATE_REQUEST__INIT;
	Chat__V1__RenderTemplateRequest__VariablesEntry entry =
		CHAT__V1__RENDER_TEMPLATE_REQUEST__VARIABLES_ENTRY__INIT;
	Chat__V1__RenderTemplateRequest__VariablesEntry *entries[] = {&entry};
	Chat__V1__RenderTemplateResponse *rendered;
	Chat__V1__Template *template;

	create.title = (char *)" Greet\n";
	create.category = (char *)"Mine";
	create.text = (char *)"{{greeting: hello | hi = hi}} {{name}}";
	stage_ok(stage, chat_v1_create_template, &create, &template);
	assert_string_equal(template->title, "Greet");
	assert_true(template->own);
	assert_false(template->public_ || template->built_in);
	assert_int_equal(template->n_fields, 2);
	assert_string_equal(template->variables[1], "name");
	assert_int_equal(template->fields[0]->type, CHAT__V1__TEMPLATE_FIELD__TYPE__CHOICE);
	assert_string_equal(template->fields[0]->choices[1], "hi");
	assert_true(template->fields[1]->required);
	render.template_ = template->id;
	stage_fails(stage, chat_v1_render_template, &render, &rendered, INVALID_ARGUMENT,
		    "field_required");
	entry.key = (char *)"name";
	entry.value = (char *)"{{Ada}}";
	render.variables = entries;
	render.n_variables = 1;
	stage_ok(stage, chat_v1_render_template, &render, &rendered);
	assert_string_equal(rendered->text, "hi {{Ada}}");
	Chat__V1__PreviewTemplateRequest preview = CHAT__V1__PREVIEW_TEMPLATE_REQUEST__INIT;
	Chat__V1__PreviewTemplateResponse *seen;

	preview.text = create.text;
	stage_ok(stage, chat_v1_preview_template, &preview, &seen);
	assert_string_equal(seen->text, "hi {{name}}");
	assert_int_equal(seen->n_fields, 2);
	create.text = (char *)"{{";
	stage_fails(stage, chat_v1_create_template, &create, &template, INVALID_ARGUMENT,
		    "field_invalid");
	create.title = (char *)" ";
	stage_fails(stage, chat_v1_create_template, &create, &template, INVALID_ARGUMENT,
		    "field_required");
}

static Chat__V1__ListTemplatesResponse *
list(struct stage *stage, Chat__V1__ListTemplatesRequest__Scope scope, const char *query)
{
	Chat__V1__ListTemplatesRequest req = CHAT__V1__LIST_TEMPLATES_REQUEST__INIT;
	Chat__V1__ListTemplatesResponse *resp;

	req.scope = scope;
	req.query = (char *)query;
	req.page_size = 100;
	stage_ok(stage, chat_v1_list_templates, &req, &resp);
	return resp;
}

/* 24 in 6 categories; each is read, and rendered with something in all its variables. */
static void the_programs_own_are_sound(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListTemplatesRequest req = CHAT__V1__LIST_TEMPLATES_REQUEST__INIT;
	Chat__V1__ListTemplatesResponse *resp;
	Chat__V1__Template *template;
	size_t seen = 0;

	req.scope = CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__OTHERS;
	req.page_size = 10;
	do {
		stage_ok(stage, chat_v1_list_templates, &req, &resp);
		for (size_t i = 0; i < resp->n_templates; i++) {
			Chat__V1__GetTemplateRequest get = CHAT__V1__GET_TEMPLATE_REQUEST__INIT;

			if (!resp->templates[i]->built_in)
				continue;
			get.template_ = resp->templates[i]->id;
			stage_ok(stage, chat_v1_get_template, &get, &template);
			assert_true(template->n_fields > 0 && !template->own);
			seen++;
		}
		req.page_token = resp->next_page_token;
	} while (*resp->next_page_token);
	assert_int_equal(seen, 24);
	assert_string_equal(pg_value("SELECT string_agg(n::text, ' ') FROM (SELECT count(*) AS n "
				     "FROM chat.template WHERE user_id IS NULL GROUP BY category) "
				     "c"),
			    "4 4 4 4 4 4");
}

/* A private one is as unknown as one of nothing; a public one is seen and not changed. */
static void private_templates_are_not_found(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetTemplateRequest get = CHAT__V1__GET_TEMPLATE_REQUEST__INIT;
	Chat__V1__UpdateTemplateRequest update = CHAT__V1__UPDATE_TEMPLATE_REQUEST__INIT;
	Chat__V1__DeleteTemplateRequest delete = CHAT__V1__DELETE_TEMPLATE_REQUEST__INIT;
	Chat__V1__UndeleteTemplateRequest undelete = CHAT__V1__UNDELETE_TEMPLATE_REQUEST__INIT;
	Chat__V1__RenderTemplateRequest render = CHAT__V1__RENDER_TEMPLATE_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	const char *field = "title";
	char *secret = new_template(stage, "zz private", "secret", false);
	char *shown = new_template(stage, "zz public", "shown", true);
	const char *const ids[] = {secret, NOBODY, shown};
	Chat__V1__RenderTemplateResponse *rendered;
	Chat__V1__ListTemplatesResponse *found;
	Google__Protobuf__Empty *empty;
	Chat__V1__Template *template;
	struct error first = {0};

	stage->as = stage->other;
	mask.paths = (char **)&field;
	mask.n_paths = 1;
	update.update_mask = &mask;
	update.title = (char *)"taken";
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		get.template_ = update.template_ = delete.template_ = undelete.template_ =
			render.template_ = (char *)ids[i];
		stage_fails(stage, chat_v1_update_template, &update, &template, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_delete_template, &delete, &empty, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_undelete_template, &undelete, &template, NOT_FOUND,
			    "not_found");
		if (i == 2)
			break;
		stage_fails(stage, chat_v1_render_template, &render, &rendered, NOT_FOUND,
			    "not_found");
		stage_fails(stage, chat_v1_get_template, &get, &template, NOT_FOUND, "not_found");
		if (i == 0)
			first = stage->err;
		assert_string_equal(stage->err.message, first.message);
	}
	stage_ok(stage, chat_v1_get_template, &get, &template);
	assert_false(template->own);
	stage_ok(stage, chat_v1_render_template, &render, &rendered);
	found = list(stage, CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__SCOPE_UNSPECIFIED, "ZZ p");
	for (size_t i = 0; i < found->n_templates; i++)
		assert_string_not_equal(found->templates[i]->id, secret);
	assert_true(found->n_templates >= 1);
	stage->as = stage->user;
	assert_int_equal(
		list(stage, CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__OWN, "zz")->n_templates, 2);
}

static void an_administrator_withholds(void **state)
{
	struct stage *stage = *state;
	Chat__V1__WithholdTemplateRequest withhold = CHAT__V1__WITHHOLD_TEMPLATE_REQUEST__INIT;
	Chat__V1__ReleaseTemplateRequest release = CHAT__V1__RELEASE_TEMPLATE_REQUEST__INIT;
	Chat__V1__UpdateTemplateRequest update = CHAT__V1__UPDATE_TEMPLATE_REQUEST__INIT;
	Chat__V1__GetTemplateRequest get = CHAT__V1__GET_TEMPLATE_REQUEST__INIT;
	Chat__V1__ListWithheldTemplatesRequest look =
		CHAT__V1__LIST_WITHHELD_TEMPLATES_REQUEST__INIT;
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;
	Chat__V1__ListTemplatesResponse *seen;
	const char *field = "public";
	char *secret = new_template(stage, "private", "x", false);
	Google__Protobuf__Empty *empty;
	Chat__V1__Template *template;

	get.template_ = update.template_ = release.template_ =
		new_template(stage, "public", "x", true);
	stage->as = stage->other;
	withhold.template_ = get.template_;
	stage_fails(stage, chat_v1_withhold_template, &withhold, &empty, PERMISSION_DENIED,
		    "role_required");
	stage_fails(stage, chat_v1_list_withheld_templates, &look, &seen, PERMISSION_DENIED,
		    "role_required");
	stage->admin = true;
	stage_ok(stage, chat_v1_list_withheld_templates, &look, &seen);
	assert_int_equal(seen->n_templates, 0);
	stage_ok(stage, chat_v1_withhold_template, &withhold, &empty);
	stage_ok(stage, chat_v1_list_withheld_templates, &look, &seen);
	assert_int_equal(seen->n_templates, 1);
	assert_string_equal(seen->templates[0]->id, get.template_);
	assert_true(seen->templates[0]->withheld && !seen->templates[0]->own);
	withhold.template_ = secret;
	stage_fails(stage, chat_v1_withhold_template, &withhold, &empty, NOT_FOUND, "not_found");
	stage_fails(stage, chat_v1_get_template, &get, &template, NOT_FOUND, "not_found");
	stage->admin = false;
	stage->as = stage->user;
	stage_ok(stage, chat_v1_get_template, &get, &template);
	assert_true(template->withheld && !template->public_);
	mask.paths = (char **)&field;
	mask.n_paths = 1;
	update.update_mask = &mask;
	update.public_ = true;
	stage_fails(stage, chat_v1_update_template, &update, &template, FAILED_PRECONDITION,
		    "template_withheld");
	stage->as = stage->other;
	stage->admin = true;
	stage_ok(stage, chat_v1_release_template, &release, &empty);
	stage_ok(stage, chat_v1_list_withheld_templates, &look, &seen);
	assert_int_equal(seen->n_templates, 0);
	stage_ok(stage, chat_v1_get_template, &get, &template);
}

static void templates_lie_in_the_bin(void **state)
{
	struct stage *stage = *state;
	Chat__V1__DeleteTemplateRequest delete = CHAT__V1__DELETE_TEMPLATE_REQUEST__INIT;
	Chat__V1__UndeleteTemplateRequest undelete = CHAT__V1__UNDELETE_TEMPLATE_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Template *template;
	char sql[200];

	delete.template_ = undelete.template_ = new_template(stage, "old", "x", true);
	stage_ok(stage, chat_v1_delete_template, &delete, &empty);
	stage_ok(stage, chat_v1_delete_template, &delete, &empty); /* twice: the same */
	assert_int_equal(list(stage, CHAT__V1__LIST_TEMPLATES_REQUEST__SCOPE__OWN, "")->n_templates,
			 0);
	stage_ok(stage, chat_v1_undelete_template, &undelete, &template);
	stage_ok(stage, chat_v1_delete_template, &delete, &empty);
	snprintf(sql, sizeof sql,
		 "UPDATE chat.template SET delete_time = delete_time - interval '31 days' "
		 "WHERE id = '%s'",
		 delete.template_);
	pg_exec(sql);
	stage_fails(stage, chat_v1_undelete_template, &undelete, &template, NOT_FOUND, "not_found");
	snprintf(sql, sizeof sql, "SELECT count(*) FROM chat.template WHERE id = '%s'",
		 delete.template_);
	assert_string_equal(pg_value(sql), "1");
	pg_exec("UPDATE chat.job SET run_time = now() - interval '1 second'");
	eventually(strcmp(pg_value(sql), "0") == 0);
}

static void a_user_has_so_many_templates(void **state)
{
	struct stage *stage = *state;
	Chat__V1__CreateTemplateRequest req = CHAT__V1__CREATE_TEMPLATE_REQUEST__INIT;
	Chat__V1__DeleteTemplateRequest delete = CHAT__V1__DELETE_TEMPLATE_REQUEST__INIT;
	Google__Protobuf__Empty *empty;
	Chat__V1__Template *template;
	char sql[300];

	delete.template_ = new_template(stage, "first", "x", false);
	snprintf(sql, sizeof sql,
		 "INSERT INTO chat.template (id, user_id, title, category, description, text, "
		 "public) SELECT gen_random_uuid(), '%s', 't' || n, '', '', 'x', n <= 50 "
		 "FROM generate_series(1, 499) n",
		 stage->user);
	pg_exec(sql);
	req.title = req.text = (char *)"one more";
	stage_fails(stage, chat_v1_create_template, &req, &template, RESOURCE_EXHAUSTED,
		    "templates_full");
	stage_ok(stage, chat_v1_delete_template, &delete, &empty); /* the bin makes room */
	req.public_ = true;
	stage_fails(stage, chat_v1_create_template, &req, &template, RESOURCE_EXHAUSTED,
		    "templates_full");
	req.public_ = false;
	stage_ok(stage, chat_v1_create_template, &req, &template);
}

int template_tests(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_and_filled),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(bad_values_are_refused),
		cmocka_unit_test(random_texts_do_no_harm),
		TEST(a_template_is_made_and_rendered),
		TEST(the_programs_own_are_sound),
		TEST(private_templates_are_not_found),
		TEST(an_administrator_withholds),
		TEST(templates_lie_in_the_bin),
		TEST(a_user_has_so_many_templates),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
