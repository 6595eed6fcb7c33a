import { expect, it } from "vitest";
import type { Message } from "@/api/types";
import { join, share, type Talk } from "./talk";

function talk(ids: string, older = ""): Talk {
  const all = [...ids];
  const messages = all.map((id, at) => ({ id, parent: all[at - 1] ?? "", text: id }) as Message);
  return { messages, older };
}
const shown = ({ messages, older }: Talk) =>
  messages.map(({ id }) => id).join("") + (older && `<${older}`);
/** The newest messages of a longer talk. */
function newest(ids: string, all: string): Talk {
  const { messages } = talk(all);
  return { messages: messages.filter(({ id }) => ids.includes(id)), older: "new" };
}

it("keeps what is loaded above the newest messages", () => {
  const known = talk("cdef", "old");
  expect(shown(join(known, newest("efgh", "abcdefgh")))).toBe("cdefgh<old");
  expect(shown(join(known, newest("gh", "abcdefgh")))).toBe("cdefgh<old");
  expect(shown(join(known, newest("hi", "abcdefghi")))).toBe("hi<new");
  expect(shown(join(known, talk("ab")))).toBe("ab");
});

it("follows another branch", () => {
  const known = talk("abcdef", "old");
  expect(shown(join(known, newest("xy", "abcxy")))).toBe("abcxy<old");
});

it("keeps a message that did not change", () => {
  const old = talk("ab", "t");
  const fresh = talk("zab", "s");
  fresh.messages[2] = { ...fresh.messages[2]!, text: "B" };
  const shared = share(old, fresh) as Talk;
  expect(shared.messages[1]).not.toBe(old.messages[0]); // Its parent is known now.
  expect(shared.messages[2]?.text).toBe("B");
  expect(share(old, talk("ab", "t"))).toBe(old);
});
