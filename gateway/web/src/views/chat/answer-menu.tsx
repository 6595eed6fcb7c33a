import { Ellipsis } from "lucide-react";
import { lazyView } from "@/ui/lazy-view";
import { MenuButton } from "@/ui/menu";
import { t } from "@/words";

const Items = lazyView(() => import("./answer-menu-items"), "menu");

/** More actions on the text of an answer. */
export function AnswerMenu({ text }: { text: string }) {
  return (
    <MenuButton
      menu={<Items text={text} />}
      aria-label={t("chat.moreOfAnswer")}
      data-tip={t("chat.moreOfAnswer")}
      className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-muted transition-colors duration-100 hover:bg-hover hover:text-text data-[state=open]:bg-hover data-[state=open]:text-text pointer-coarse:size-10"
    >
      <Ellipsis aria-hidden className="size-[15px]" />
    </MenuButton>
  );
}
