# Named statements (sqlc's manner) to C: `-- name: x` begins a statement, its comment lines follow, then the text.
# A part is text that several statements have: `-- part: x` begins it, a blank line ends it, and a line `@x` of a later statement takes it in.
# awk -v owner=credits -v out=build/gen/sql/credits -v newest=0005 -f sql.awk FILES   writes out.h and out.c
# newest: number of the newest migration, which the program waits for at its start; empty: there is none.
function quote(text) {
	gsub(/\\/, "\\\\", text)
	gsub(/"/, "\\\"", text)
	return text
}
function fail(text) {
	print FILENAME ": " text > "/dev/stderr"
	exit failed = 1
}
function add(text,    line, p) {
	for (line = text; match(line, /\$[0-9]+/); line = substr(line, RSTART + RLENGTH)) {
		p = substr(line, RSTART + 1, RLENGTH - 1) + 0
		if (p > params)
			params = p
	}
	body = body "\t\"" quote(text) "\\n\"\n"
}
function finish() {
	part = ""
	if (name == "")
		return
	if (body == "")
		fail(name " has no text")
	if (name in seen)
		fail(name " is there twice")
	seen[name] = 1
	names[++n] = name
	printf "const struct sql sql_%s = {\n\t\"%s\",\n%s\t%d,\n};\n", name, name, body "\t,\n", params > c
	printf "%sextern const struct sql sql_%s;\n", about, name > h
	name = ""
}
BEGIN {
	h = out ".h"
	c = out ".c"
	printf "/* Made from services/%s by tools/gen/sql.awk. */\n#pragma once\n#include \"runtime/db/db.h\"\n\n", owner > h
	printf "/* Made from services/%s by tools/gen/sql.awk. */\n#include \"sql/%s.h\"\n\n", owner, owner > c
}
/^-- name: / {
	finish()
	name = $3
	body = ""
	about = ""
	params = 0
	next
}
/^-- part: / {
	finish()
	part = $3
	if (part in parts)
		fail("the part " part " is there twice")
	parts[part] = ""
	next
}
/^[ \t]*$/ {
	part = ""
	next
}
part != "" {
	if (!/^--/)
		parts[part] = parts[part] (parts[part] == "" ? "" : "\n") $0
	next
}
name == "" {
	next
}
/^--/ {
	line = $0
	gsub(/\*\//, "* /", line)
	about = about "/*" substr(line, 3) " */\n"
	next
}
/^[ \t]*@[a-z_]+$/ {
	if (!(substr($1, 2) in parts))
		fail("there is no part " substr($1, 2) " before " name)
	count = split(parts[substr($1, 2)], lines, "\n")
	for (i = 1; i <= count; i++)
		add(lines[i])
	next
}
{
	add($0)
}
END {
	if (failed)
		exit 1
	finish()
	if (newest != "")
		printf "\n/* The newest migration. */\nenum { SQL_%s_SCHEMA = %d };\n", toupper(owner), newest > h
	printf "\n/* Every statement of %s, NULL-terminated. */\nextern const struct sql *const sql_%s_all[];\n", owner, owner > h
	printf "const struct sql *const sql_%s_all[] = {\n", owner > c
	for (i = 1; i <= n; i++)
		printf "\t&sql_%s,\n", names[i] > c
	printf "\tNULL,\n};\n" > c
}
