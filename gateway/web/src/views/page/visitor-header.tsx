import { Link } from "wouter";
import { buttonClass } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { t } from "@/words";
import { ThemeButton } from "./theme-button";

/** The line on top for visitors: nothing in it needs a session. */
export function VisitorHeader() {
  return (
    <header className="flex h-13 shrink-0 items-center gap-1 border-b border-line px-3 sm:gap-2 sm:px-5">
      <Link href="/" className="mr-auto flex h-10 items-center gap-2 rounded-md font-bold">
        <Logo className="size-5 text-accent" />
        {t("app.name")}
      </Link>
      <ThemeButton />
      <Link href="/login" className={buttonClass("quiet")}>
        {t("auth.logIn")}
      </Link>
      <Link href="/signup" className={buttonClass("primary")}>
        {t("auth.signUp")}
      </Link>
    </header>
  );
}
