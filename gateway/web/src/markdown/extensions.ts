// Extensions of files by the language of their code.

const EXTENSIONS: Record<string, string> = {
  bash: "sh",
  csharp: "cs",
  javascript: "js",
  kotlin: "kt",
  markdown: "md",
  mermaid: "mmd",
  perl: "pl",
  plaintext: "txt",
  python: "py",
  ruby: "rb",
  rust: "rs",
  shell: "sh",
  typescript: "ts",
};

export function extensionOf(language: string): string {
  const name = language.toLowerCase();
  if (Object.hasOwn(EXTENSIONS, name)) return EXTENSIONS[name]!;
  return /^[a-z0-9_]{1,10}$/.test(name) ? name : "txt";
}
