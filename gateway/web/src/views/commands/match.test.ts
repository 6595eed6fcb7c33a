import { expect, it } from "vitest";
import { rank, search } from "./match";

const chats = Array.from({ length: 200 }, (_, n) => ({
  id: `0187e6a1-${String(n).padStart(4, "0")}-7000-8000-000000000187`,
  title: `Chat number ${n + 1}`,
}));
const titles = (query: string) => search(chats, query).map(({ title }) => title);

it("finds the words of a title, whole ones first", () => {
  expect(titles("number 187")).toEqual(["Chat number 187"]);
  expect(titles("187")).toEqual(["Chat number 187"]);
  expect(titles("number 18")[0]).toBe("Chat number 18");
  expect(titles("number 18")).toHaveLength(12); // 18, 118 and 180 to 189
  expect(titles("number 18").slice(-1)).toEqual(["Chat number 118"]);
  expect(titles("chat numbre")).toEqual([]);
});

it("finds an id only where an id is typed", () => {
  expect(search(chats, "0187e6a1-0042")).toEqual([chats[42]]);
  expect(search(chats, "0187e6a1")).toEqual([]);
});

it.each([
  ["Über Öl", "uber ol", 5],
  ["Report of March", "report", 4],
  ["The report of March", "march report", 3],
  ["Quarterly report", "quart", 2],
  ["Reportage", "port", 1],
  ["季度报告", "报告", 1],
  ["C++ (notes)", "c++", 4],
  ["C++ (notes)", "(", 1],
  ["Otters", "otrs", 0],
])("%s for %s is worth %i", (title, query, worth) => {
  expect(rank(title, query)).toBe(worth);
});
