// gRPC for JavaScript as the peer of our interoperability programs:
//   peer.mjs server --port=N | peer.mjs client --server_host=H --server_port=N --test_case=C
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

const proto = fileURLToPath(new URL('testing.proto', import.meta.url));
const { testing } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true, defaults: true })).grpc;
const flags = Object.fromEntries(process.argv.slice(3).map((flag) => flag.replace(/^--/, '').split('=')));

const INITIAL = 'x-grpc-test-echo-initial';
const TRAILING = 'x-grpc-test-echo-trailing-bin';
const zeros = (size) => ({ body: Buffer.alloc(size) });

// ---------------------------------------------------------------------------------------- server

function echoMetadata(call) {
	const initial = call.metadata.get(INITIAL);
	const trailing = call.metadata.get(TRAILING);
	const trailers = new grpc.Metadata();
	if (initial.length) {
		const headers = new grpc.Metadata();
		headers.set(INITIAL, initial[0]);
		call.sendMetadata(headers);
	}
	if (trailing.length) trailers.set(TRAILING, trailing[0]);
	return trailers;
}

const hasStatus = (request) => request.response_status && request.response_status.code !== 0;
const toError = (status) => ({ code: status.code, details: status.message });

const handlers = {
	EmptyCall: (call, done) => done(null, {}),
	UnaryCall(call, done) {
		const trailers = echoMetadata(call);
		if (hasStatus(call.request)) done(toError(call.request.response_status));
		else done(null, { payload: zeros(call.request.response_size) }, trailers);
	},
	StreamingOutputCall(call) {
		const trailers = echoMetadata(call);
		for (const { size } of call.request.response_parameters) call.write({ payload: zeros(size) });
		call.end(trailers);
	},
	StreamingInputCall(call, done) {
		let sum = 0;
		call.on('data', ({ payload }) => (sum += payload.body.length));
		call.on('end', () => done(null, { aggregated_payload_size: sum }));
	},
	FullDuplexCall(call) {
		const trailers = echoMetadata(call);
		call.on('data', (request) => {
			if (hasStatus(request)) call.emit('error', toError(request.response_status));
			for (const { size } of request.response_parameters) call.write({ payload: zeros(size) });
		});
		call.on('end', () => call.end(trailers));
	},
};

function serve() {
	const server = new grpc.Server();
	server.addService(testing.TestService.service, handlers);
	server.bindAsync(`127.0.0.1:${flags.port}`, grpc.ServerCredentials.createInsecure(), (error) => {
		if (error) throw error;
	});
}

// ---------------------------------------------------------------------------------------- client

let stub, address;

const large = () => ({ response_size: 314159, payload: zeros(271828) });

// Answers, metadata and status of a call.
function outcome(call) {
	return new Promise((resolve) => {
		const result = { answers: [], headers: new grpc.Metadata() };
		call.on('metadata', (headers) => (result.headers = headers));
		call.on('data', (answer) => result.answers.push(answer.payload.body.length));
		call.on('error', () => {});
		call.on('status', (status) => resolve({ ...result, status }));
	});
}

function unary(method, request, metadata = new grpc.Metadata(), options = {}) {
	return new Promise((resolve) => {
		const result = {};
		const call = stub[method](request, metadata, options, (error, answer) => Object.assign(result, { error, answer }));
		call.on('metadata', (headers) => (result.headers = headers));
		call.on('status', (status) => setImmediate(() => resolve({ ...result, status })));
	});
}

function echoedMetadata() {
	const metadata = new grpc.Metadata();
	metadata.set(INITIAL, 'test_initial_metadata_value');
	metadata.set(TRAILING, Buffer.from('ababab', 'hex'));
	return metadata;
}

function checkMetadata({ headers, status }) {
	assert.equal(status.code, 0);
	assert.deepEqual(headers.get(INITIAL), ['test_initial_metadata_value']);
	assert.deepEqual(status.metadata.get(TRAILING), [Buffer.from('ababab', 'hex')]);
}

async function statusIsEchoed(message) {
	const { status } = await unary('UnaryCall', { response_status: { code: 2, message } });
	assert.equal(status.code, 2);
	assert.equal(status.details, message);
}

const asked = [[31415, 27182], [9, 8], [2653, 1828], [58979, 45904]];
const ask = ([answer, size]) => ({ response_parameters: [{ size: answer }], payload: zeros(size) });

const cases = {
	async empty_unary() {
		assert.equal((await unary('EmptyCall', {})).status.code, 0);
	},
	async large_unary() {
		assert.equal((await unary('UnaryCall', large())).answer.payload.body.length, 314159);
	},
	async client_streaming() {
		const answer = await new Promise((resolve, reject) => {
			const call = stub.StreamingInputCall((error, got) => (error ? reject(error) : resolve(got)));
			for (const [, size] of asked) call.write({ payload: zeros(size) });
			call.end();
		});
		assert.equal(answer.aggregated_payload_size, 74922);
	},
	async server_streaming() {
		const call = stub.StreamingOutputCall({ response_parameters: asked.map(([size]) => ({ size })) });
		const { answers, status } = await outcome(call);
		assert.deepEqual(answers, asked.map(([size]) => size));
		assert.equal(status.code, 0);
	},
	async ping_pong() {
		const call = stub.FullDuplexCall();
		let next = 0;
		call.on('data', () => (next < 4 ? call.write(ask(asked[next++])) : call.end()));
		call.write(ask(asked[next++]));
		const { answers, status } = await outcome(call);
		assert.deepEqual(answers, asked.map(([size]) => size));
		assert.equal(status.code, 0);
	},
	async empty_stream() {
		const call = stub.FullDuplexCall();
		call.end();
		const { answers, status } = await outcome(call);
		assert.deepEqual([answers.length, status.code], [0, 0]);
	},
	async cancel_after_begin() {
		const call = stub.StreamingInputCall(() => {});
		setImmediate(() => call.cancel());
		assert.equal((await outcome(call)).status.code, 1);
	},
	async cancel_after_first_response() {
		const call = stub.FullDuplexCall();
		call.on('data', () => call.cancel());
		call.write(ask(asked[0]));
		assert.equal((await outcome(call)).status.code, 1);
	},
	async timeout_on_sleeping_server() {
		const call = stub.FullDuplexCall({ deadline: Date.now() + 1 });
		call.write({ payload: zeros(27182) });
		assert.equal((await outcome(call)).status.code, 4);
	},
	async custom_metadata() {
		checkMetadata(await unary('UnaryCall', large(), echoedMetadata()));
		const call = stub.FullDuplexCall(echoedMetadata());
		call.write(ask([314159, 271828]));
		call.end();
		checkMetadata(await outcome(call));
	},
	async status_code_and_message() {
		await statusIsEchoed('test status message');
		const call = stub.FullDuplexCall();
		call.write({ response_status: { code: 2, message: 'test status message' } });
		call.end();
		const { status } = await outcome(call);
		assert.deepEqual([status.code, status.details], [2, 'test status message']);
	},
	async special_status_message() {
		await statusIsEchoed('\t\ntest with whitespace\r\nand Unicode BMP \u263a and non-BMP \u{1f608}\t\n');
	},
	async unimplemented_method() {
		assert.equal((await unary('UnimplementedCall', {})).status.code, 12);
	},
	async unimplemented_service() {
		stub = new testing.UnimplementedService(address, grpc.credentials.createInsecure());
		assert.equal((await unary('UnimplementedCall', {})).status.code, 12);
	},
	async gzip() {
		stub = new testing.TestService(address, grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
		assert.equal((await unary('UnaryCall', large())).answer.payload.body.length, 314159);
	},
};

async function check() {
	address = `${flags.server_host}:${flags.server_port}`;
	stub = new testing.TestService(address, grpc.credentials.createInsecure());
	await cases[flags.test_case]();
	console.log(`${flags.test_case} passed`);
	process.exit(0);
}

if (process.argv[2] === 'server') serve();
else await check();
