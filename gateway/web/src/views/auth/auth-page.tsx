import { Activity, Coins, MessagesSquare } from "lucide-react";
import { Link } from "wouter";
import { Logo } from "@/ui/logo";
import { Title } from "@/ui/title";
import { t } from "@/words";
import { Credentials, type Mode } from "./credentials";

const POINTS = [
  [MessagesSquare, "auth.point1"],
  [Coins, "auth.point2"],
  [Activity, "auth.point3"],
] as const;

export default function AuthPage({ mode }: { mode: Mode }) {
  const login = mode === "login";
  const other = `${login ? "/signup" : "/login"}${location.search}`;
  return (
    <main className="flex h-full overflow-y-auto">
      <Title>{t(login ? "auth.logIn" : "auth.signUp")}</Title>
      <section className="hidden w-[44%] max-w-2xl flex-col justify-between border-r border-line bg-side p-12 lg:flex">
        <div className="flex items-center gap-2.5 text-lg font-bold">
          <Logo className="size-6 text-accent" />
          {t("app.name")}
        </div>
        <div>
          <p className="max-w-md text-[32px] leading-[1.2] font-semibold tracking-tight text-balance">
            {t("app.tagline")}
          </p>
          <ul className="mt-8 space-y-4 text-soft">
            {POINTS.map(([Icon, words]) => (
              <li key={words} className="flex items-center gap-3">
                <Icon aria-hidden className="size-[18px] text-accent" />
                {t(words)}
              </li>
            ))}
          </ul>
        </div>
        <Link href="/pricing" className="w-fit rounded py-2.5 text-sm text-muted hover:text-text">
          {t("nav.pricing")}
        </Link>
      </section>
      <section className="m-auto w-full max-w-[400px] px-6 py-10">
        <Logo className="mb-6 size-9 text-accent lg:hidden" />
        <h1 className="text-2xl font-semibold tracking-tight">
          {t(login ? "auth.welcome" : "auth.create")}
        </h1>
        <p className="mt-1.5 mb-7 text-soft">{t(login ? "auth.welcomeText" : "auth.createText")}</p>
        <Credentials key={mode} mode={mode} />
        <p className="mt-6 text-sm text-soft">
          {t(login ? "auth.noAccount" : "auth.haveAccount")}{" "}
          <Link
            href={other}
            className="rounded font-medium text-accent hover:underline pointer-coarse:inline-block pointer-coarse:py-2.5"
          >
            {t(login ? "auth.signUp" : "auth.logIn")}
          </Link>
        </p>
      </section>
    </main>
  );
}
