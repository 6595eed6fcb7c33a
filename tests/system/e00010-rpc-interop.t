#!/usr/bin/env bash
# gRPC's interoperability cases in both directions: our server and client against gRPC C++ and @grpc/grpc-js.
. "$(dirname "$0")/lib.sh"
cases="empty_unary large_unary client_streaming server_streaming ping_pong empty_stream cancel_after_begin
cancel_after_first_response timeout_on_sleeping_server custom_metadata status_code_and_message
special_status_message unimplemented_method unimplemented_service"
# Node looks for grpc-js beside the script.
cp tests/interop/peer.mjs tests/interop/testing.proto build/tests/

listens() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
serve() { # NAME PORT COMMAND…
	local name=$1 server_port=$2
	shift 2
	"$@" "--port=$server_port" >"$scratch/$name.log" 2>&1 &
	stacks+=("$!")
	until_true 20 listens "$server_port"
	ok $? "$name listens"
}
run_cases() { # WHAT PORT CASES COMMAND…
	local what=$1 server_port=$2 list=$3 name
	shift 3
	for name in $list; do
		timeout 30 "$@" --server_host=127.0.0.1 "--server_port=$server_port" "--test_case=$name" >"$scratch/case" 2>&1
		local result=$?
		ok $result "$what: $name"
		[ $result = 0 ] || sed 's/^/# /' "$scratch/case" | tail -n 20
	done
}

ours=$(free_port)
serve "our server" "$ours" "$B/bin/rpc-interop-server"
run_cases "our client, our server" "$ours" "$cases" "$B/bin/rpc-interop-client"
run_cases "gRPC C++ client, our server" "$ours" "$cases gzip health reflection" build/interop/peer_client
run_cases "grpc-js client, our server" "$ours" "$cases gzip" node build/tests/peer.mjs client

theirs=$(free_port)
serve "gRPC C++ server" "$theirs" build/interop/peer_server
run_cases "our client, gRPC C++ server" "$theirs" "$cases gzip" "$B/bin/rpc-interop-client"

theirs=$(free_port)
serve "grpc-js server" "$theirs" node build/tests/peer.mjs server
run_cases "our client, grpc-js server" "$theirs" "$cases" "$B/bin/rpc-interop-client"
finish
