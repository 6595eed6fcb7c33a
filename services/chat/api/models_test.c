/* What programs ask beside answers: models, and the tokens of a message. */
#include "../chat_test.h"

#include <jansson.h>

static json_t *json_of(const Google__Api__HttpBody *body)
{
	json_t *json = json_loadb((const char *)body->data.data, body->data.len,
				  JSON_REJECT_DUPLICATES, NULL);

	assert_string_equal(body->content_type, "application/json");
	assert_non_null(json);
	return json;
}

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "(none)";
}

static void models_have_the_shape_of_openai(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListApiModelsRequest req = CHAT__V1__LIST_API_MODELS_REQUEST__INIT;
	Google__Api__HttpBody *resp;
	json_t *list, *model;
	size_t i, found = 0;

	stage_ok(stage, chat_v1_list_api_models, &req, &resp);
	list = json_of(resp);
	assert_string_equal(text_of(list, "object"), "list");
	json_array_foreach(json_object_get(list, "data"), i, model)
	{
		assert_string_equal(text_of(model, "object"), "model");
		assert_true(json_is_integer(json_object_get(model, "created")));
		assert_true(json_is_string(json_object_get(model, "owned_by")));
		found += strcmp(text_of(model, "id"), PLAIN) == 0;
	}
	assert_int_equal(found, 1);
	json_decref(list);
}

static void models_have_the_shape_of_anthropic(void **state)
{
	struct stage *stage = *state;
	Chat__V1__ListApiModelsRequest req = CHAT__V1__LIST_API_MODELS_REQUEST__INIT;
	Google__Api__HttpBody *resp;
	json_t *list, *data;

	req.anthropic_version = "2023-06-01";
	stage_ok(stage, chat_v1_list_api_models, &req, &resp);
	list = json_of(resp);
	data = json_object_get(list, "data");
	assert_true(json_is_false(json_object_get(list, "has_more")));
	assert_string_equal(text_of(json_array_get(data, 0), "type"), "model");
	assert_string_equal(text_of(json_array_get(data, 0), "created_at"), "1970-01-01T00:00:00Z");
	assert_string_equal(text_of(list, "first_id"), text_of(json_array_get(data, 0), "id"));
	assert_string_equal(text_of(list, "last_id"),
			    text_of(json_array_get(data, json_array_size(data) - 1), "id"));
	json_decref(list);
}

static void one_model_can_be_asked_for(void **state)
{
	struct stage *stage = *state;
	Chat__V1__GetApiModelRequest req = CHAT__V1__GET_API_MODEL_REQUEST__INIT;
	Google__Api__HttpBody *resp;
	json_t *model;

	req.model = NARROW;
	stage_ok(stage, chat_v1_get_api_model, &req, &resp);
	model = json_of(resp);
	assert_string_equal(text_of(model, "id"), NARROW);
	assert_int_equal(json_integer_value(json_object_get(model, "context_length")), 1024);
	json_decref(model);
	req.anthropic_version = "2023-06-01";
	stage_ok(stage, chat_v1_get_api_model, &req, &resp);
	model = json_of(resp);
	assert_string_equal(text_of(model, "type"), "model");
	json_decref(model);
	req.model = "nothing";
	stage_fails(stage, chat_v1_get_api_model, &req, &resp, NOT_FOUND, "not_found");
}

/* ---------------------------------------------------------------- tokens */

static enum status count(struct stage *stage, const char *body, int64_t *ret)
{
	Chat__V1__ApiRequest req = CHAT__V1__API_REQUEST__INIT;
	Google__Api__HttpBody http = GOOGLE__API__HTTP_BODY__INIT, *resp;
	char *text = arena_strdup(stage->arena, body);
	enum status s;
	json_t *json;

	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	http.data = (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
	req.body = &http;
	s = stage_call(stage, chat_v1_count_message_tokens, &req, &resp);
	if (s != OK)
		return s;
	json = json_of(resp);
	*ret = json_integer_value(json_object_get(json, "input_tokens"));
	json_decref(json);
	return OK;
}

#define MESSAGES(content) "'messages':[{'role':'user','content':" content "}]"

static void tokens_of_a_message_are_counted(void **state)
{
	struct stage *stage = *state;
	int64_t few, more, with_tool, with_image;

	/* No limit of the answer is needed, and one is no harm. */
	assert_int_equal(count(stage, "{'model':'plain'," MESSAGES("'Hello there'") "}", &few), OK);
	assert_int_equal(
		count(stage,
		      "{'model':'plain','max_tokens':5,'system':'Be kind to them.'," MESSAGES(
			      "'Hello there'") "}",
		      &more),
		OK);
	assert_int_equal(count(stage,
			       "{'model':'plain','tools':[{'name':'look','input_schema':{'type':'"
			       "object'}}]," MESSAGES("'Hello there'") "}",
			       &with_tool),
			 OK);
	assert_int_equal(count(stage,
			       "{'model':'plain'," MESSAGES(
				       "[{'type':'text','text':'Hello "
				       "there'},{'type':'image','source':{'type':"
				       "'base64','media_type':'image/png','data':'AAAA'}}]") "}",
			       &with_image),
			 OK);
	assert_true(few >= 2 && few < 20);
	assert_true(more > few + 3 && with_tool > few + 3);
	assert_true(with_image > few + 500);
	stage_expect_balance(stage, GIFT);
}

static void a_message_that_is_none_has_no_tokens(void **state)
{
	struct stage *stage = *state;
	int64_t n;

	assert_int_equal(count(stage, "", &n), INVALID_ARGUMENT);
	assert_string_equal(stage->err.reason, "json_invalid");
	assert_int_equal(count(stage, "{'model':'nothing'," MESSAGES("'a'") "}", &n),
			 INVALID_ARGUMENT);
	assert_string_equal(stage->err.reason, "model_unknown");
	assert_int_equal(
		count(stage, "{'model':'plain'," MESSAGES("[{'type':'document'}]") "}", &n),
		INVALID_ARGUMENT);
	assert_string_equal(stage->err.reason, "parameter_unsupported");
	assert_string_equal(stage->err.field, "messages[0].content[0].type");
}

int api_models_tests(void)
{
	const struct CMUnitTest tests[] = {
		TEST(models_have_the_shape_of_openai),
		TEST(models_have_the_shape_of_anthropic),
		TEST(one_model_can_be_asked_for),
		TEST(tokens_of_a_message_are_counted),
		TEST(a_message_that_is_none_has_no_tokens),
	};

	return cmocka_run_group_tests(tests, stage_group_set_up, NULL);
}
