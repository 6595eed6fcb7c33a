import { saveFile } from "@/lib/browser";

/** A file of one column. */
export function saveColumn(name: string, head: string, values: string[]): void {
  saveFile(
    name,
    new Blob([[head, ...values, ""].join("\r\n")], { type: "text/csv;charset=utf-8" }),
  );
}
