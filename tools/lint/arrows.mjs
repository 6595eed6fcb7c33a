// Which files of a folder may use which, and which rooms of a service: tools/lint/arrows.txt lists them from the ground to the roof.
// Everywhere, listed or not, no files call each other in a circle that the list does not name.
// A file uses another by a global symbol of its object (nm) or by #include, so calls of static inline functions count by their header.
// Prints "file: what" for each breach; status 1 when there is any. The objects of the release build must be up to date.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";

const LIST = process.argv[2] ?? "tools/lint/arrows.txt";
const OBJECTS = "build/obj";

let breaches = 0;
function breach(file, text) {
  console.log(`${file}: ${text}`);
  breaches++;
}

/** Sections {folders, rooms, place}: place has of each entry its row, counted from the ground, and whether the row is a wanted circle. */
function readList() {
  const sections = [];
  readFileSync(LIST, "utf8").split("\n").forEach((line, i) => {
    const text = line.replace(/#.*/, "").trimEnd();
    if (!text) return;
    if (!/^\s/.test(text)) {
      const [, rooms, names] = text.match(/^(rooms of )?(.+)$/);
      const folders = names.split(" ");
      if (!folders.every((folder) => existsSync(folder)) || (rooms && folders.length > 1))
        breach(`${LIST}:${i + 1}`, "a section begins with folders, or with `rooms of` and a folder");
      sections.push({ folders, rooms: Boolean(rooms), place: new Map(), used: new Set() });
      return;
    }
    const circle = /^\s+circle:/.test(text);
    for (const entry of text.replace("circle:", "").trim().split(/\s+/)) {
      if (sections.at(-1).place.has(entry)) breach(`${LIST}:${i + 1}`, `${entry} stands here twice`);
      sections.at(-1).place.set(entry, { row: i + 1, circle });
    }
  });
  return sections;
}

const isSource = (name) => /\.[ch]$/.test(name) && !/_test\.[ch]$/.test(name) && !/^test_/.test(name);
function sourcesOf({ folders, rooms }) {
  return folders.flatMap((folder) => {
    const names = readdirSync(folder, { recursive: rooms }).filter((name) => isSource(name.split("/").at(-1)));
    return names.map((name) => `${folder}/${name}`).filter((file) => statSync(file).isFile());
  });
}
const folderOf = ({ folders }, file) => folders.find((folder) => file.startsWith(`${folder}/`));

/** A file's entry: its room, or its name. x.h goes with x.c, unless the list has x.h as an entry of its own, as of a room's files. */
function entryOf(section, file) {
  const { rooms, place } = section;
  const folder = folderOf(section, file);
  const name = file.slice(folder.length + 1);
  if (rooms) return name.includes("/") ? name.split("/")[0] : place.has(name) ? name : ".";
  const stem = name.replace(/\.[ch]$/, "");
  if (name.endsWith(".h") && (place.has(name) || !existsSync(`${folder}/${stem}.c`))) return name;
  return stem;
}

/** Of each source with an object: the global symbols that it defines and that it needs. */
function symbolsOf(sources) {
  const symbols = new Map();
  const objects = new Map();
  for (const file of sources.filter((name) => name.endsWith(".c"))) {
    const object = `${OBJECTS}/${file.replace(/c$/, "o")}`;
    if (existsSync(object)) objects.set(object, file);
    else breach(file, `${object} is missing: run make lint-arrows`);
    symbols.set(file, { defines: [], needs: [] });
  }
  if (objects.size === 0) return symbols;
  for (const line of execFileSync("nm", ["-gA", ...objects.keys()], { maxBuffer: 1 << 28 }).toString().split("\n")) {
    const [, object, kind, name] = line.match(/^(.*?):.* ([A-Za-z]) (\S+)$/) ?? [];
    if (object) symbols.get(objects.get(object))[/[Uvw]/.test(kind) ? "needs" : "defines"].push(name);
  }
  return symbols;
}

/** Of each symbol: the file that defines it. */
const definersOf = (symbols) => new Map([...symbols].flatMap(([file, { defines }]) => defines.map((name) => [name, file])));

/** Calls use(file, other file of the section, words for what it uses). */
function forEachUse(section, sources, use) {
  const symbols = symbolsOf(sources);
  const definedIn = definersOf(symbols);
  for (const [file, { needs }] of symbols) for (const name of needs) if (definedIn.has(name)) use(file, definedIn.get(name), name);
  for (const file of sources)
    for (const [, header] of readFileSync(file, "utf8").matchAll(/^#include "([^"]+)"/gm)) {
      const target = [header, `services/${header}`].find((path) => folderOf(section, path) && existsSync(path));
      if (target) use(file, target, "the header");
    }
}

function check(section) {
  const { folders, place, used } = section;
  const sources = sourcesOf(section);
  for (const file of sources) {
    const entry = entryOf(section, file);
    if (!place.has(entry)) breach(file, `${entry} stands in no row of ${folders.join(" ")} in ${LIST}`);
    used.add(entry);
  }
  for (const [entry, { row }] of place) if (!used.has(entry)) breach(`${LIST}:${row}`, `${folders.join(" ")} has no ${entry}`);
  const said = new Set();
  forEachUse(section, sources, (file, other, what) => {
    const [from, to] = [entryOf(section, file), entryOf(section, other)];
    const [below, above] = [place.get(to), place.get(from)];
    if (from === to || !below || !above || below.row < above.row || (below.row === above.row && below.circle)) return;
    const text = `uses ${what} of ${other.slice(folderOf(section, other).length + 1)}, which stands ${below.row > above.row ? "above" : "beside"} it in ${LIST}`;
    if (!said.has(file + text)) breach(file, text);
    said.add(file + text);
  });
}

/** Groups of files that reach each other by their uses. (Tarjan, Depth-first search and linear graph algorithms, 1972.) */
function circlesOf(uses) {
  const order = new Map();
  const low = new Map();
  const stack = [];
  const circles = [];
  const visit = (file) => {
    order.set(file, order.size);
    low.set(file, order.get(file));
    stack.push(file);
    for (const other of uses.get(file)) {
      if (!order.has(other)) visit(other);
      if (stack.includes(other)) low.set(file, Math.min(low.get(file), low.get(other)));
    }
    if (low.get(file) !== order.get(file)) return;
    const circle = stack.splice(stack.indexOf(file));
    if (circle.length > 1) circles.push(circle.sort());
  };
  for (const file of uses.keys()) if (!order.has(file)) visit(file);
  return circles;
}

/** main() is in each program, and the generated code is in no folder: both are left out. */
function checkCircles(sections) {
  const isWanted = (circle) =>
    sections.some((section) => !section.rooms && circle.every((file) => folderOf(section, file) && section.place.get(entryOf(section, file))?.circle));
  const groups = [...readdirSync("services").filter((name) => name !== "runtime").map((name) => `services/${name}`), "gateway", "tools/limitless", "tools/standin"];
  for (const folders of [["services/runtime"], ...groups.map((folder) => [folder])]) {
    const sources = sourcesOf({ folders, rooms: true }).filter((file) => !file.startsWith("gateway/web/"));
    const symbols = symbolsOf(sources);
    const definedIn = definersOf(symbols);
    const uses = new Map();
    for (const [file, { needs }] of symbols) uses.set(file, new Set(needs.map((name) => definedIn.get(name)).filter((other) => other && other !== file)));
    for (const circle of circlesOf(uses)) if (!isWanted(circle)) breach(circle[0], `calls in a circle with ${circle.slice(1).join(" ")}`);
  }
}

const sections = readList();
for (const section of sections) check(section);
checkCircles(sections);
process.exit(breaches > 0 ? 1 : 0);
