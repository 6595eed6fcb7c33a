// Texts of every kind that byte-pair encoders are wrong about, by a seed.
export function random(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return { below: (n) => next() % n, pick: (list) => list[next() % list.length] };
}

const WORDS = "the of and a to in is you that it he was for on are as with his they I at be this have from or one had by word but not what all were we when your can said there use an each which she do how their if will up other about out many then them these so some her would make like him into time has look two more write go see number no way could people my than first water been call who oil its now find long down day did get come made may part antidisestablishmentarianism internationalization Donaudampfschifffahrtsgesellschaft naïve café Übergröße".split(" ");
const CODE = ["for (int i = 0; i < n; i++) {\n\t", "return x->y[i];\n", "}\n\n", "    def __init__(self, *args, **kwargs):\n", "        ", "// TODO: fix\r\n", "SELECT * FROM t WHERE a='b';", "#include <stdio.h>\n", "std::vector<std::unique_ptr<T>>", "=>", "!==", "/* */", "<div class=\"a\">", "</div>\n", "0x1F600", "1e-9", "$HOME/.bashrc", "\\n\\t", "camelCaseName", "SNAKE_CASE_NAME", "HTTPServer", "iOS", "https://example.org/a/b?c=d#e"];
const MARKS = ["\u0301", "\u0300", "\u0488", "\u20dd", "\ufe0f", "\u0903", "\u093f"];
const SPACES = [" ", " ", "  ", "\t", "\n", "\r\n", "\r", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\v", "\f", "   \n", "\n\n\n", " \t "];
const CONTRACTIONS = ["'s", "'S", "'t", "'T", "'re", "'RE", "'rE", "'ve", "'m", "'ll", "'LL", "'d", "'D", "'\u017f", "'x", "''s", "’s", "'l", "'r"];
const LETTERS = ["A", "b", "Z", "ǅ", "ʰ", "ª", "中", "א", "Ω", "ω", "Ж", "ж", "ß", "İ", "ı", "ſ", "K", "𐐀", "𐐨", "ก", "あ", "ﬁ", "Ⅷ", "²", "٣", "½", "一", "ᾈ", "ꟲ"];

const repeat = (r, n, make) => Array.from({ length: 1 + r.below(n) }, make).join("");
const between = (from, to) => (r) => String.fromCodePoint(from + r.below(to - from + 1));
const han = between(0x4e00, 0x9fff);
const emoji = (r) => r.pick([between(0x1f300, 0x1f6ff)(r), between(0x1f900, 0x1f9ff)(r), "👨‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "❤️", "1️⃣"]);
function anyCharacter(r) {
  const c = r.pick([0x80, 0x800, 0x3000, 0x10000, 0x20000, 0x110000]);
  const code = r.below(c);
  return code >= 0xd800 && code < 0xe000 ? "x" : String.fromCodePoint(code);
}
const bytes = (r, n) => Buffer.from(Array.from({ length: 1 + r.below(n) }, () => r.below(256)));

export const KINDS = {
  prose: (r) => repeat(r, 200, () => r.pick(WORDS) + r.pick([" ", " ", " ", ", ", ". ", "\n", "-", "; "])),
  capitals: (r) => repeat(r, 60, () => r.pick([(w) => w.toUpperCase(), (w) => w[0].toUpperCase() + w.slice(1), (w) => w])(r.pick(WORDS)) + r.pick([" ", "", "_"])),
  code: (r) => repeat(r, 80, () => r.pick(CODE) + r.pick(["", "", " ", "\n", "\t"])),
  chinese: (r) => repeat(r, 120, () => r.pick([han, han, han, between(0x3040, 0x30ff), between(0xac00, 0xd7a3), () => "，", () => "。", () => " "])(r)),
  base64: (r) => bytes(r, 600).toString("base64"),
  hex: (r) => bytes(r, 300).toString("hex"),
  digits: (r) => repeat(r, 60, () => r.pick(["1", "23", "456", "7890", ".", ",", " ", "-", "٣", "½", "Ⅷ", "²"])),
  emoji: (r) => repeat(r, 60, () => r.pick([emoji, emoji, () => " ", () => r.pick(WORDS)])(r)),
  one: (r) => r.pick(["a", "A", " ", "\n", "0", "=", "-", "中", "😀", "é", "\u0301", "/", "'", "\t", "\r\n", "ab", "aA", "_-", "((", " a", "a ", "\u00a0", "ก"]).repeat(1 + r.below(2000)),
  nested: (r) => repeat(r, 12, () => r.pick(["a", "b", "xy", " ", "=", "=="]).repeat(1 + r.below(100))),
  alphabet: (r) => repeat(r, 600, () => r.pick(["a", "b", "c"])),
  letters: (r) => repeat(r, 100, () => r.pick([...LETTERS, ...MARKS, "'", " ", "-"])),
  contractions: (r) => repeat(r, 60, () => r.pick([...WORDS, ...LETTERS, "", " "]) + r.pick(CONTRACTIONS) + r.pick(["", " ", "\n", "s"])),
  spaces: (r) => repeat(r, 60, () => r.pick(SPACES) + r.pick(["", "", "", "a", "!", "1", "/", "\u0301"])),
  signs: (r) => repeat(r, 80, () => r.pick([..."!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "/\n", "\r\n", "//", " ", "…", "—", "„", "€"])),
  marks: (r) => repeat(r, 60, () => r.pick([...WORDS, ...LETTERS]) + repeat(r, 4, () => r.pick(MARKS))),
  characters: (r) => repeat(r, 150, () => anyCharacter(r)),
  bytes: (r) => bytes(r, 400).toString("utf8"),
  special: (r) => repeat(r, 10, () => r.pick(["<|endoftext|>", "<|endofprompt|>", "<|im_start|>", " ", "a"])),
};

// n texts, the kinds in turn; every fourth is a mixture of two.
export function* texts(seed, n) {
  const r = random(seed);
  const kinds = Object.values(KINDS);
  for (let i = 0; i < n; i++) {
    const text = kinds[i % kinds.length](r);
    yield i % 4 ? text : text + r.pick(kinds)(r);
  }
}

// As tests/tokens/count.c reads them.
export function framed(list) {
  return Buffer.concat(
    list.flatMap((text) => {
      const body = Buffer.from(text);
      const head = Buffer.alloc(4);
      head.writeUInt32LE(body.length);
      return [head, body];
    }),
  );
}
