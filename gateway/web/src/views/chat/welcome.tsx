import { Code, Lightbulb, PenLine, Route } from "lucide-react";
import { useMe } from "@/data/account";
import { isolated } from "@/lib/direction";
import { Logo } from "@/ui/logo";
import { t } from "@/words";

export function Greeting() {
  const { data: me } = useMe();
  const name = isolated(me?.displayName.split(" ")[0] || me?.email.split("@")[0] || "");
  return (
    <div className="flex flex-1 flex-col items-center justify-end px-4 pb-7 text-center">
      <Logo className="mb-4 size-10 text-accent" />
      <h1 className="min-h-9 text-2xl font-semibold tracking-tight sm:text-[28px]">
        {name && <span className="late">{t(greetingKey(), { name })}</span>}
      </h1>
      <p className="mt-1 text-soft">{t("chat.ask")}</p>
    </div>
  );
}

function greetingKey() {
  const hour = new Date().getHours();
  if (hour < 12) return "chat.greetingMorning";
  return hour < 18 ? "chat.greetingDay" : "chat.greetingEvening";
}

const STARTERS = [
  { name: "explain", Icon: Lightbulb },
  { name: "write", Icon: PenLine },
  { name: "code", Icon: Code },
  { name: "plan", Icon: Route },
] as const;

/** Four ways to begin. Each fills the composer, and sends nothing. */
export function Starters({ onChoose }: { onChoose: (text: string) => void }) {
  return (
    <div className="mx-auto flex w-full max-w-[760px] flex-[1.2] items-start px-4 pt-1 pb-6">
      <ul className="grid w-full grid-cols-2 gap-2 sm:grid-cols-4">
        {STARTERS.map(({ name, Icon }) => (
          <li key={name}>
            <button
              type="button"
              onClick={() => onChoose(t(`chat.starters.${name}.text`))}
              className="flex h-full w-full flex-col gap-2 rounded-xl border border-line p-3.5 text-left text-sm transition-colors hover:border-line-strong hover:bg-hover"
            >
              <Icon aria-hidden className="size-4 text-accent" />
              {t(`chat.starters.${name}.title`)}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
