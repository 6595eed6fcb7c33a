import { CodeBlock } from "./code-block";

export function Diagram({ code }: { code: string }) {
  return <CodeBlock code={code} language="mermaid" />;
}
