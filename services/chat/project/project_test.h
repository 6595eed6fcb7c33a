/* Short calls that the tests of projects share. */
#ifndef CHAT_PROJECT_TEST_H
#define CHAT_PROJECT_TEST_H

#include "../chat_test.h"

static inline char *new_project(struct stage *stage, const char *name, const char *instructions)
{
	Chat__V1__CreateProjectRequest req = CHAT__V1__CREATE_PROJECT_REQUEST__INIT;
	Chat__V1__Project *project;

	req.name = (char *)name;
	req.instructions = (char *)instructions;
	stage_ok(stage, chat_v1_create_project, &req, &project);
	return project->id;
}

static inline char *new_prompt(struct stage *stage, const char *project, const char *text)
{
	Chat__V1__CreateProjectPromptRequest req = CHAT__V1__CREATE_PROJECT_PROMPT_REQUEST__INIT;
	Chat__V1__ProjectPrompt *prompt;

	req.project = (char *)project;
	req.text = (char *)text;
	stage_ok(stage, chat_v1_create_project_prompt, &req, &prompt);
	return prompt->id;
}

static inline Google__Protobuf__FieldMask mask_of(const char **field)
{
	Google__Protobuf__FieldMask mask = GOOGLE__PROTOBUF__FIELD_MASK__INIT;

	mask.paths = (char **)field;
	mask.n_paths = 1;
	return mask;
}

#endif
