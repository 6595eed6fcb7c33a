import { Compass } from "lucide-react";
import { Link } from "wouter";
import { session } from "@/data/session";
import { useStore } from "@/lib/store";
import { Button, buttonClass } from "@/ui/button";
import { openCommands } from "@/ui/open-window";
import { Title } from "@/ui/title";
import { t } from "@/words";

/** Shown for an address that leads nowhere, with links to places that exist. */
export function NotFound({ what }: { what: "page" | "chat" | "project" }) {
  const visitor = useStore(session) === "out";
  return (
    <div className="flex flex-1 flex-col items-center justify-center gap-5 p-6 pb-24 text-center">
      <Title>{t(`gone.${what}`)}</Title>
      <Compass aria-hidden className="size-9 text-muted" />
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">{t(`gone.${what}`)}</h1>
        <p className="mt-2 max-w-md text-soft">{t(`gone.${what}Text`)}</p>
      </div>
      <div className="flex flex-wrap justify-center gap-2">
        <Link href="/" className={buttonClass("primary")}>
          {t(visitor ? "auth.logIn" : "chat.goneAction")}
        </Link>
        {visitor ? (
          <Link href="/pricing" className={buttonClass("outline")}>
            {t("nav.pricing")}
          </Link>
        ) : (
          <Button onClick={openCommands}>{t("gone.search")}</Button>
        )}
      </div>
    </div>
  );
}
