import { t } from "@/words";
import { Button } from "./button";

/** The end of a list that comes page by page: a button for the next page, or the word that this is all. */
export function ListEnd({
  hasMore,
  busy,
  onMore,
}: {
  hasMore: boolean;
  busy: boolean;
  onMore: () => void;
}) {
  if (!hasMore) return <p className="mt-4 text-center text-xs text-muted">{t("common.end")}</p>;
  return (
    <Button className="mt-4" disabled={busy} onClick={onMore}>
      {t("common.more")}
    </Button>
  );
}
