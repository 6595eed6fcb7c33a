import { useState } from "react";
import type { Chat } from "@/api/types";
import { useChatActions } from "@/data/chats";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { t } from "@/words";
import { renaming } from "./renaming";

/** The API's limit in bytes. The field counts characters, and a longer title is refused by the API. */
const TITLE_MAX = 200;

/** The dialog for the chat that is being renamed. */
export default function Rename({ chat }: { chat: Chat }) {
  const [title, setTitle] = useState(chat.title);
  const { update } = useChatActions();
  const close = () => renaming.set(undefined);
  const wanted = title.trim();
  return (
    <Dialog title={t("chats.rename")} onClose={close}>
      <form
        className="mt-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (wanted && wanted !== chat.title) update(chat, { title: wanted });
          close();
        }}
      >
        <Field
          label={t("chats.renameLabel")}
          value={title}
          maxLength={TITLE_MAX}
          onChange={(event) => setTitle(event.target.value)}
          onFocus={(event) => event.target.select()}
        />
        <div className="mt-5 flex justify-end gap-2">
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={!wanted}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
