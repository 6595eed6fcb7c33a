import { PanelLeft, Share2 } from "lucide-react";
import { titleOf, useChat } from "@/data/chats";
import { cn } from "@/ui/cn";
import { IconButton } from "@/ui/icon-button";
import { Title } from "@/ui/title";
import { ModelMenu } from "@/views/model/model-menu";
import { sharing } from "@/views/share/sharing";
import { ChatMenu } from "@/views/sidebar/chat-menu";
import { toggleSidebar, useSidebar } from "@/views/sidebar/layout";
import { t } from "@/words";
import { BalancePill } from "./balance-pill";
import { ThemeButton } from "./theme-button";

/** The line on top: chat and model on the left, balance and theme on the right. */
export function Header({ chat, plain = false }: { chat: string | undefined; plain?: boolean }) {
  const { open, narrow } = useSidebar();
  const { data } = useChat(chat);
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 px-2 sm:gap-2 sm:px-3">
      {!plain && <Title>{data ? titleOf(data) : undefined}</Title>}
      {data && <h1 className="sr-only">{titleOf(data)}</h1>}
      {(narrow || !open) && (
        <IconButton label={t("nav.open")} keys="Ctrl+Shift+S" onClick={toggleSidebar}>
          <PanelLeft />
        </IconButton>
      )}
      <div className="flex min-w-0 flex-1 items-center">
        {data && <ChatMenu chat={data} titled />}
        {data && (
          <span aria-hidden className="px-0.5 text-line-strong sm:px-1">
            /
          </span>
        )}
        {!plain && <ModelMenu chat={chat} beside={data !== undefined} />}
      </div>
      {data && (
        <IconButton
          label={t("share.action")}
          className="max-sm:hidden"
          onClick={() => sharing.set(data)}
        >
          <Share2 />
        </IconButton>
      )}
      <BalancePill />
      <ThemeButton className={cn(data && "max-sm:hidden")} />
    </header>
  );
}
