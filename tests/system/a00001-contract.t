#!/usr/bin/env bash
# tools/gen refuses faulty protos. It names the file and the line, and writes nothing.
. "$(dirname "$0")/lib.sh"
gen=build/host/gen

# generate NAME PROTO-TEXT: sets `said` and `code`. The text follows the imports.
generate() {
	local folder=$scratch/$1
	mkdir -p "$folder/demo/v1" "$folder/out"
	printf '%s\n' 'syntax = "proto3";' 'package demo.v1;' 'import "google/api/annotations.proto";' \
		'import "google/protobuf/timestamp.proto";' 'import "limitless/options.proto";' 'import "limitless/reasons.proto";' \
		"$2" >"$folder/demo/v1/demo.proto"
	protoc -I "$folder" -I protos -I /usr/include --include_imports --include_source_info --descriptor_set_out="$folder/set.pb" demo/v1/demo.proto google/rpc/code.proto ||
		{ ok 1 "$1: protoc takes it"; return; }
	said=$("$gen" "$folder/set.pb" "$folder/out" 2>&1)
	code=$?
	written=$(find "$folder/out" -type f | wc -l)
}
refuses() { # name text regex
	local refused=1
	generate "$1" "$2"
	[ "$code" = 1 ] && [ "$written" = 0 ] && [[ $said =~ ^protos/demo/v1/demo\.proto:[1-9][0-9]*:\ .*$3 ]] && refused=0
	ok $refused "$1"
	[ $refused = 0 ] || note "said: $said (status $code, $written files)"
}
user='option (limitless.method) = {access: USER};'

generate good "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a/{id}\"}; $user } } message A { string id = 1; }"
is "$code $said" "0 " "a good contract is taken"
is "$(jq -r '.paths | keys[0]' "$scratch/good/out/openapi.json")" "/a/{id}" "and its route is in openapi.json"

refuses no-option 'service S { rpc Get(A) returns (A); } message A {}' 'Get has no \(limitless.method\)'
refuses no-access 'service S { rpc Get(A) returns (A) { option (limitless.method) = {idempotent: true}; } } message A {}' 'access is missing'
refuses no-route "service S { rpc Get(A) returns (A) { $user } } message A {}" 'without a google.api.http'
refuses service-route 'service S { rpc Get(A) returns (A) { option (google.api.http) = {get: "/a"}; option (limitless.method) = {access: SERVICE}; } } message A {}' 'access SERVICE and a public route'
refuses callers 'service S { rpc Get(A) returns (A) { option (google.api.http) = {get: "/a"}; option (limitless.method) = {access: USER callers: "chat"}; } } message A {}' 'callers belong to access SERVICE'
refuses same-route "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a/{id}\"}; $user }
  rpc Get2(A) returns (A) { option (google.api.http) = {get: \"/a/{other}\"}; $user } } message A { string id = 1; string other = 2; }" 'is the route of S.Get too'
refuses same-handler "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a\"}; $user } }
service T { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/b\"}; $user } } message A {}" 'demo_v1_get is the handler of S too'
refuses keyword 'service S { rpc Void(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A {}' 'C name is a keyword'
refuses path-field "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a/{name}\"}; $user } } message A {}" 'has no field name'
refuses path-type "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a/{n}\"}; $user } } message A { int32 n = 1; }" 'n is not one text'
refuses path-pattern "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a/{n=x/*}\"}; $user } } message A { string n = 1; }" 'whole segment|more than|not a path'
refuses body-field "service S { rpc Get(A) returns (A) { option (google.api.http) = {post: \"/a\" body: \"b\"}; $user } } message A {}" 'has no field b'
refuses bindings "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a\" additional_bindings {get: \"/b\"}}; $user } } message A {}" 'additional_bindings'
refuses query-message "service S { rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a\"}; $user } } message A { B b = 1; } message B { int32 n = 1; }" 'b: a query cannot hold it'
refuses unknown-reason "service S {
  // Gets. Errors: NOT_FOUND, NO_SUCH_WORD.
  rpc Get(A) returns (A) { option (google.api.http) = {get: \"/a\"}; $user } } message A {}" 'reasons.proto has no NO_SUCH_WORD'
refuses client-stream "service S { rpc Get(stream A) returns (A) { option (google.api.http) = {post: \"/a\" body: \"*\"}; $user } } message A {}" 'cannot carry a stream of requests'
refuses stream-when 'service S { rpc Get(A) returns (A) { option (google.api.http) = {get: "/a"}; option (limitless.method) = {access: USER stream_when: ACCEPT}; } } message A {}' 'stream_when is for streams'
refuses csv-when 'service S { rpc Get(A) returns (A) { option (google.api.http) = {get: "/a"}; option (limitless.method) = {access: USER stream_when: ACCEPT_CSV}; } } message A {}' 'ACCEPT_CSV is for a google.api.HttpBody'
refuses stream-field 'service S { rpc Get(A) returns (stream A) { option (google.api.http) = {post: "/a" body: "*"}; option (limitless.method) = {access: USER stream_when: BODY_FIELD}; } } message A {}' 'needs a field `stream`'
refuses recursion 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { B b = 1; } message B { repeated A a = 1; }' 'can hold itself'
refuses optional 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { optional string a = 1; }' 'no `optional`'
refuses uuid-type 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { int32 a = 1 [(limitless.uuid) = true]; }' 'are for text'
refuses raw-type 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { string a = 1 [(limitless.raw_json) = true]; }' 'raw_json is for bytes'
refuses range-type 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { string a = 1 [(limitless.range) = {min: 1 max: 2}]; }' 'range is for numbers'
refuses range-empty 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { int32 a = 1 [(limitless.range) = {min: 3 max: 2}]; }' 'range is empty'
refuses cookie-field 'service S { rpc Get(A) returns (A) { option (limitless.method) = {access: SERVICE}; } } message A { string a = 1 [(limitless.cookie) = {name: ACCESS expire_field: "b"}]; }' 'expire_field b is no Timestamp'
refuses event-case 'service S { rpc Get(A) returns (stream A) { option (limitless.method) = {access: SERVICE}; } } message A { oneof event { string a = 1; } }' 'a case of `event` is a message'
protoc -I protos -I /usr/include --include_imports --descriptor_set_out="$scratch/part.pb" limitless/options.proto
said=$("$gen" "$scratch/part.pb" "$scratch" 2>&1)
is "$? $said" "1 the descriptor set lacks google.rpc.Code
the descriptor set lacks limitless.Reason" "a part of the contract is refused"

# The parts of openapi.json that other programs depend on.
said=$(cd build/tests && node --input-type=module -e '
import { Validator } from "@seriousme/openapi-schema-validator";
const validator = new Validator();
const { valid, errors } = await validator.validate("../gen/openapi.json");
console.log(valid, validator.version, valid ? "" : JSON.stringify(errors).slice(0, 2000));' 2>&1)
is "$said" "true 3.1 " "openapi.json is valid OpenAPI 3.1"
finish
