// HTML for the clipboard: what it says, and that no text becomes markup.
import { expect, test, vi } from "vitest";
import { CONSTRUCTS, REPORTED } from "../../../../tests/web/hostile-texts.mjs";
import { htmlOf } from "./html";

vi.stubGlobal("location", { origin: "https://here.test" });

test.each([
  ["**a** *b* ~~c~~ `d`", "<p><b>a</b> <i>b</i> <s>c</s> <code>d</code></p>"],
  ["# A\n\n## B", "<h1>A</h1><h2>B</h2>"],
  ["- a\n- [x] b", "<ul><li>a</li><li>☑ b</li></ul>"],
  ["3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'],
  ["> a", "<blockquote><p>a</p></blockquote>"],
  ["```c\na < b && c\n```", "<pre><code>a &lt; b &amp;&amp; c</code></pre>"],
  [
    "|a|b|\n|-|-|\n|1|2|",
    "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody><tr><td>1</td><td>2</td></tr></tbody></table>",
  ],
  [
    "[a](https://example.org/?b=1&c='d')",
    '<p><a href="https://example.org/?b=1&amp;c=%27d%27">a</a></p>',
  ],
  ["![a](https://example.org/b.png)", '<p><a href="https://example.org/b.png">a</a></p>'],
  ["$a<b$", "<p><code>a&lt;b</code></p>"],
  ["a &lt; b", "<p>a &lt; b</p>"],
  ["H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"],
])("%s", (markdown, html) => {
  expect(htmlOf(markdown)).toBe(html);
});

/** The only tags and attributes that may stand in it. Addresses have one of four schemes. */
const TAG =
  /^<(?:\/?(?:p|b|i|s|code|pre|h[1-6]|ul|ol|li|blockquote|table|thead|tbody|tr|th|td|sup|sub|kbd)|\/a|br|hr|ol start="\d+"|a href="(?:https?:|mailto:|tel:)[^"<>]*")>/;

function expectTame(html: string) {
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at + 1)) {
    expect(html.slice(at, at + 5_000), html.slice(at, at + 80)).toMatch(TAG);
  }
}

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "[a](&#106;avascript:alert(1))",
  "[a](data:text/html,<script>alert(1)</script>)",
  '[a](https://x" onclick="alert(1))',
  '[a](<https://x/"><img src=x onerror=alert(1)>>)',
  '!["><script>alert(1)</script>](https://x/y.png)',
  "![a](vbscript:x)",
  "`<b onmouseover=alert(1)>`",
  "```\n</code></pre><script>alert(1)</script>\n```",
  "<details><summary><img src=x onerror=alert(1)></summary>\n\n<iframe src=//x>\n\n</details>",
  "|<script>|\n|-|\n|<svg onload=alert(1)>|",
  "<svg><animate onbegin=alert(1)>",
  "<style>*{background:url(//x)}</style>",
  "<a href=javascript:alert(1)>x</a>",
  "$</code><script>alert(1)</script>$",
  "[^1]: <script>alert(1)</script>\n\na[^1]",
  "&lt;script&gt;alert(1)&lt;/script&gt;",
  "- [ ] <input onfocus=alert(1) autofocus>",
])("nothing of it becomes markup: %s", (markdown) => {
  expectTame(htmlOf(markdown));
});

test("nor anything of the hostile texts", () => {
  for (const text of Object.values(REPORTED)) expectTame(htmlOf(text));
  for (const make of Object.values(CONSTRUCTS)) expectTame(htmlOf(make(2_000)));
});
