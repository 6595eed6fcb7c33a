/** A file of one column, saved by the browser. */
export function saveColumn(name: string, head: string, values: string[]): void {
  const url = URL.createObjectURL(
    new Blob([[head, ...values, ""].join("\r\n")], { type: "text/csv;charset=utf-8" }),
  );
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
