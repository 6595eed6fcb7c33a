import { useState } from "react";
import { useChangeChats } from "@/data/change";
import { Button } from "@/ui/button";
import { t } from "@/words";
import { Block } from "./block";
import { Confirm } from "./confirm";

export function AllChats() {
  const [asking, setAsking] = useState(false);
  const { change, busy } = useChangeChats();
  return (
    <Block title={t("settings.allChats")} text={t("settings.allChatsText")}>
      <div className="flex gap-2">
        <Button disabled={busy} onClick={() => change({ action: "ARCHIVE" })}>
          {t("settings.archiveAll")}
        </Button>
        <Button look="danger" disabled={busy} onClick={() => setAsking(true)}>
          {t("settings.deleteAll")}
        </Button>
      </div>
      {asking && (
        <Confirm
          title={t("settings.deleteAllTitle")}
          text={t("settings.deleteAllText")}
          action={t("settings.deleteAll")}
          onYes={() => change({ action: "DELETE" })}
          onClose={() => setAsking(false)}
        />
      )}
    </Block>
  );
}
