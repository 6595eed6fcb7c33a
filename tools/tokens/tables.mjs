// Writes the tables of services/chat/tokens: node tables.mjs OUT. The vocabularies, the patterns and the classes of
// characters are those of the package `tiktoken`, which is asked for each of them. The file's format stands in table.h.
import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const require = createRequire(new URL('./', import.meta.url));
const { Tiktoken } = require('tiktoken');

const VERSION = 2;
const NONE = 0xffffffff;
const FILTER_BITS = 1 << 22;
const PATTERNS = {
	o200k: "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
	cl100k: "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
};

// The bits of a class, as in table.h.
const CLASSES = [
	['\\p{L}', 1],
	['[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]', 2],
	['[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]', 4],
	['\\p{N}', 8],
	['\\s', 16],
	['[\\r\\n]', 32],
];

// The package leaves out what a pattern does not match, so the rest are the characters of the class.
function unicode() {
	const classes = new Uint8Array(0x110000);
	const singles = '! 0 ' + Array.from({ length: 256 }, (_, i) => Buffer.from([i]).toString('base64')).join(' ');
	for (const [pattern, bit] of CLASSES) {
		const asked = new Tiktoken(singles, {}, pattern);
		for (let from = 0; from < 0x110000; from += 0x1000) {
			let text = '';
			for (let c = from; c < from + 0x1000; c++) if (c < 0xd800 || c > 0xdfff) text += String.fromCodePoint(c);
			for (const c of new TextDecoder('utf-8', { ignoreBOM: true }).decode(asked.decode(asked.encode_ordinary(text)))) classes[c.codePointAt(0)] |= bit;
		}
		asked.free();
	}
	const blocks = new Map();
	const places = Buffer.alloc(2 * (0x110000 >> 8));
	const kept = [];
	for (let i = 0; i < 0x110000 >> 8; i++) {
		const block = Buffer.from(classes.subarray(i << 8, (i + 1) << 8));
		const key = block.toString('latin1');
		if (!blocks.has(key)) {
			blocks.set(key, kept.length);
			kept.push(block);
		}
		places.writeUInt16LE(blocks.get(key), 2 * i);
	}
	return [places, Buffer.concat(kept)];
}

function vocabulary(name) {
	const source = require(`tiktoken/encoders/${name}_base.json`);
	if (source.pat_str !== PATTERNS[name]) throw new Error(`${name}: another pattern than split.c has`);
	const tokens = [];
	for (const line of source.bpe_ranks.split('\n')) {
		const [, offset, ...words] = line.split(' ');
		for (const [i, word] of words.entries()) tokens[Number(offset) + i] = Buffer.from(word, 'base64');
	}
	return tokens;
}

// A trie as a double array: the child of state s by byte b is base[s] + b, if the label there is b. No two states with
// children have the same base. No base is a multiple of 256, so a free place i with the label i % 256 is nobody's child; states
// without children have base 0, and the 256 children of the first state stand at 1 with labels less by 1.
function doubleArray(tokens) {
	const children = [new Map()];
	const values = [NONE];
	tokens.forEach((token, id) => {
		let at = 0;
		for (const byte of token) {
			let next = children[at].get(byte);
			if (next === undefined) {
				next = children.length;
				children[at].set(byte, next);
				children.push(new Map());
				values.push(NONE);
			}
			at = next;
		}
		values[at] = id;
	});
	const room = children.length * 2 + 1024;
	const base = new Uint32Array(room);
	const check = new Uint32Array(room).fill(NONE);
	const value = new Uint32Array(room).fill(NONE);
	const place = new Uint32Array(children.length);
	const taken = new Uint8Array(room); // by a base
	const low = new Uint32Array(256).fill(1); // no only child by this byte fits below
	const label = new Uint8Array(room);
	let free = 1;
	let end = 1;
	check[0] = 0;
	const queue = [0];
	for (let head = 0; head < queue.length; head++) {
		const node = queue[head];
		const state = place[node];
		const bytes = [...children[node].keys()].sort((a, b) => a - b);
		if (bytes.length === 0) continue;
		while (check[free] !== NONE) free++;
		const only = bytes.length === 1;
		let at = only ? low[bytes[0]] : Math.max(1, free - bytes[0]);
		let tries = 0;
		while (at % 256 === 0 || taken[at] || !bytes.every((b) => check[at + b] === NONE)) {
			at++;
			// Crowded places are left behind.
			if (++tries > 2000 && !only) at = Math.max(at, end - 512), (tries = 0);
		}
		if (only) low[bytes[0]] = at;
		base[state] = at;
		taken[at] = 1;
		for (const b of bytes) {
			const child = children[node].get(b);
			check[at + b] = state;
			label[at + b] = b;
			place[child] = at + b;
			value[at + b] = values[child];
			end = Math.max(end, at + b + 1);
			queue.push(child);
		}
	}
	const n = end + 256; // base + byte never leaves the array
	if (n > room) throw new Error('the double array is too small');
	if (n > 1 << 24) throw new Error('the double array has no room for its labels');
	label[0] = 255;
	for (let i = 1; i < n; i++) if (check[i] === NONE) label[i] = i & 255;
	const nodes = Buffer.alloc(8 * n);
	for (let i = 0; i < n; i++) {
		nodes.writeUInt32LE((base[i] << 8 | label[i]) >>> 0, 8 * i);
		nodes.writeUInt32LE(value[i], 8 * i + 4);
	}
	return { base, check, value, nodes, n };
}

const hashOf = (a, b) => (Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b)) >>> 7;
const slotOf = (a, b, mask) => hashOf(a, b) & mask;

// The pair of which each token is made, found in the order of ranks as the merges were learnt.
function merges(tokens, trie) {
	const n = tokens.length;
	const prefix = new Uint32Array(n).fill(NONE);
	const splits = new Uint32Array(2 * n);
	const slots = 1 << Math.ceil(Math.log2(2 * n));
	const pairs = new Uint32Array(slots).fill(NONE);
	const find = (a, b) => {
		for (let at = slotOf(a, b, slots - 1); pairs[at] !== NONE; at = (at + 1) & (slots - 1))
			if (splits[2 * pairs[at]] === a && splits[2 * pairs[at] + 1] === b) return pairs[at];
		return NONE;
	};
	const valid = (a, b) => {
		for (let limit = NONE; ; ) {
			const merged = find(a, b);
			if (merged !== NONE && merged < limit) return false;
			if (a > b) {
				limit = a;
				a = splits[2 * a + 1];
				if (a === limit) {
					limit = b + 1;
					b = splits[2 * b];
					if (b + 1 === limit) return true;
				}
			} else {
				limit = b + 1;
				b = splits[2 * b];
				if (b + 1 === limit) {
					limit = a;
					a = splits[2 * a + 1];
					if (a === limit) return true;
				}
			}
		}
	};
	const exact = (bytes) => {
		let at = 0;
		for (const byte of bytes) {
			const next = trie.base[at] + byte;
			if (trie.base[at] === 0 || trie.check[next] !== at) return NONE;
			at = next;
		}
		return trie.value[at];
	};
	for (let id = 0; id < n; id++) {
		let at = 0;
		for (const byte of tokens[id].subarray(0, -1)) {
			at = trie.base[at] + byte;
			if (trie.value[at] !== NONE) prefix[id] = trie.value[at];
		}
	}
	for (let id = 0; id < n; id++) {
		splits[2 * id] = splits[2 * id + 1] = id;
		for (let a = prefix[id]; a !== NONE; a = prefix[a]) {
			const b = a < id ? exact(tokens[id].subarray(tokens[a].length)) : NONE;
			if (b === NONE || b >= id || !valid(a, b)) continue;
			splits[2 * id] = a;
			splits[2 * id + 1] = b;
			let slot = slotOf(a, b, slots - 1);
			while (pairs[slot] !== NONE) slot = (slot + 1) & (slots - 1);
			pairs[slot] = id;
			break;
		}
		if (splits[2 * id] === id && tokens[id].length > 1) throw new Error(`token ${id} is made of no pair`);
	}
	const filter = new Uint8Array(FILTER_BITS / 8);
	for (let id = 0; id < n; id++) {
		if (splits[2 * id] === id) continue;
		const bit = hashOf(splits[2 * id], splits[2 * id + 1]) % FILTER_BITS;
		filter[bit >> 3] |= 1 << (bit & 7);
	}
	return { prefix, splits, pairs, filter };
}

const words = (array) => {
	const bytes = Buffer.alloc(4 * array.length);
	array.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
	return bytes;
};

function encoding(name) {
	const tokens = vocabulary(name);
	const trie = doubleArray(tokens);
	const { prefix, splits, pairs, filter } = merges(tokens, trie);
	const lengths = Buffer.from(tokens.map((token) => token.length));
	if (tokens.some((token) => token.length > 255)) throw new Error(`${name}: a token is too long`);
	return [trie.nodes, words(prefix), words(splits), words(pairs), Buffer.from(filter), lengths];
}

const sections = [...unicode(), ...encoding('o200k'), ...encoding('cl100k')];
const HEADER = 24 + 16 * sections.length;
const header = Buffer.alloc(HEADER);
const body = [];
let at = HEADER;
sections.forEach((section, i) => {
	header.writeBigUInt64LE(BigInt(at), 24 + 16 * i);
	header.writeBigUInt64LE(BigInt(section.length), 32 + 16 * i);
	const padding = Buffer.alloc(-section.length & 7);
	body.push(section, padding);
	at += section.length + padding.length;
});
header.write('LCTOKENS', 0, 'latin1');
header.writeUInt32LE(VERSION, 8);
header.writeUInt32LE(sections.length, 12);
header.writeUInt32LE(at, 16);
const rest = Buffer.concat([header.subarray(24), ...body]);
header.writeUInt32LE(crc32(rest), 20);
writeFileSync(process.argv[2], Buffer.concat([header.subarray(0, 24), rest]));
