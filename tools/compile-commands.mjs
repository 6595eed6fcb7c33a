// Reads what `make -n` would run and writes the compilations as a compilation database.
// The options that write make's dependencies are left out: a reader must not touch those.
//   make -nB V=1 … | node tools/compile-commands.mjs FILE
import { readFileSync, writeFileSync } from "node:fs";

const directory = process.cwd();
const byFile = new Map();
for (const line of readFileSync(0, "utf8").split("\n")) {
  const match = line.match(/^(?:\S*\/)?(?:gcc|clang|cc)\S* .* -c -o \S+ (\S+\.c)$/);
  if (match && !byFile.has(match[1])) byFile.set(match[1], { directory, command: line.replace(" -MMD -MP", ""), file: match[1] });
}
if (byFile.size === 0) {
  console.error("make would compile nothing: no compile_commands.json");
  process.exit(1);
}
writeFileSync(process.argv[2], `${JSON.stringify([...byFile.values()], null, 1)}\n`);
console.log(`${process.argv[2]}: ${byFile.size} files`);
