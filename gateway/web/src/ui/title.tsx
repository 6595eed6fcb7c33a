import { t } from "@/words";

/** The document's title; React puts it into the head. */
export function Title({ children }: { children?: string | undefined }) {
  const name = t("app.name");
  return <title>{children ? `${children} · ${name}` : name}</title>;
}
