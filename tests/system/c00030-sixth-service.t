#!/usr/bin/env bash
# A new service is a folder and a proto. It builds, migrates, starts and answers over HTTP, and no other file changes.
# The story works in a copy of the tree, with the objects of the release build.
. "$(dirname "$0")/lib.sh"
B=build
unset MAKEFLAGS MFLAGS MAKELEVEL # The story's make is not a part of the caller's.

tree=$scratch/tree
mkdir -p "$tree/build"
git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$tree"
for part in bin gen host lib obj web tokens deps.stamp flags nng_wrap node; do [ ! -e build/$part ] || cp -a build/$part "$tree/build/"; done
cd "$tree" || exit 1
touch "$scratch/copied"

make --silent new-rpc NAME=notes.v1.AddNote >"$scratch/begun" || note "$(cat "$scratch/begun")"
cat >protos/notes/v1/notes.proto <<'PROTO'
// Notes of users.
syntax = "proto3";

package notes.v1;

import "google/api/annotations.proto";
import "limitless/options.proto";

service NotesService {
  // Keeps a note and counts the caller's notes.
  rpc AddNote(AddNoteRequest) returns (AddNoteResponse) {
    option (google.api.http) = {post: "/api/v1/notes" body: "*"};
    option (limitless.method) = {access: USER};
  }
}

message AddNoteRequest {
  string text = 1 [(limitless.required) = true, (limitless.max_bytes) = 100];
}

message AddNoteResponse {
  string text = 1;
  int32 notes = 2;
}
PROTO
cat >services/notes/migrations/0001_notes.sql <<'SQL'
CREATE TABLE note (
    owner_id uuid NOT NULL,
    text text NOT NULL
);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY note_of_its_owner ON note USING (owner_id = lc.user_id());
GRANT SELECT, INSERT ON note TO notes_app;
SQL
cat >services/notes/sql/add_note.sql <<'SQL'
-- name: notes_add_note
-- Adds the note $2 of user $1, and counts.
-- Params: $1 uuid, $2 text.
WITH added AS (INSERT INTO note (owner_id, text) VALUES ($1::uuid, $2) RETURNING text)
SELECT added.text, (SELECT count(*) FROM note)::int + 1 AS notes FROM added;
SQL
cat >services/notes/add_note.c <<'C'
#include "notes/v1/rpc.h"
#include "runtime/db/db.h"
#include "runtime/service/service.h"
#include "sql/notes.h"

enum status notes_v1_add_note(struct rpc_call *call, const Notes__V1__AddNoteRequest *req,
			      Notes__V1__AddNoteResponse *resp)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	const char *const params[] = {call->subject, req->text};
	enum status s = db_query_as(service_db(call), call->subject, &sql_notes_add_note, params, &rows,
				    &call->err);

	if (s != OK)
		return s;
	resp->text = db_text(call->arena, rows, 0, "text");
	resp->notes = db_i32(rows, 0, "notes");
	return OK;
}
C

is "$(find . -type f -newer "$scratch/copied" ! -path './build/*' ! -path './protos/notes/*' ! -path './services/notes/*')" "" \
	"a new service takes a folder and a proto"
began=$SECONDS
timeout 540 make --silent binaries >"$scratch/make" 2>&1
ok $? "it builds ($((SECONDS - began)) s)"
sed 's/^/# /' "$scratch/make" | grep -v '^#   [A-Z]' | tail -n 20

service_names+=(notes)
stack_start
sign_up ada
call POST /api/v1/notes '{"text":"otters"}'
is "$status $(get .text) $(get .notes)" "200 otters 1" "its method is reached through the gateway, with a user's token"
call POST /api/v1/notes '{"text":"more otters"}'
is "$status $(get .notes)" "200 2" "and its schema was migrated"
sign_up bob
call POST /api/v1/notes '{"text":"badgers"}'
is "$status $(get .notes)" "200 1" "each user has notes of their own"
call POST /api/v1/notes '{}'
is "$status $(get .field) $(get .reason)" "400 text FIELD_REQUIRED" "its proto's rules hold"
token=
call POST /api/v1/notes '{"text":"otters"}'
is "$status" 401 "a stranger is refused"
call GET /openapi.json
like "$body" '"/api/v1/notes"' "it is documented"
"$B/bin/limitless" status --dir "$dir" >"$scratch/status"
is $? 0 "all are ready"
like "$(cat "$scratch/status")" "notes +ready" "and status knows it"
finish
