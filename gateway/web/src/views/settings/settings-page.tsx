import { Link } from "wouter";
import { cn } from "@/ui/cn";
import { Page } from "@/views/page/page";
import { t } from "@/words";
import { AccountSection } from "./account-section";
import { ArchivedSection } from "./archived-section";
import { GeneralSection } from "./general-section";

const SECTIONS = [
  { name: "general", href: "/settings", Section: GeneralSection },
  { name: "account", href: "/settings/account", Section: AccountSection },
  { name: "archived", href: "/settings/archived", Section: ArchivedSection },
] as const;

/** Each section has a path. An unknown path shows the first one. */
export default function SettingsPage({ section }: { section: string }) {
  const { name, Section } = SECTIONS.find((one) => one.name === section) ?? SECTIONS[0];
  return (
    <Page title={t("settings.title")}>
      <nav aria-label={t("settings.title")} className="mt-5 flex gap-1 border-b border-line">
        {SECTIONS.map((one) => (
          <Link
            key={one.name}
            href={one.href}
            aria-current={one.name === name ? "page" : undefined}
            className={cn(
              "-mb-px border-b-2 border-transparent px-3 py-2.5 text-sm text-soft first:-ml-3 hover:text-text",
              one.name === name && "border-accent font-medium text-text",
            )}
          >
            {t(`settings.${one.name}`)}
          </Link>
        ))}
      </nav>
      <Section />
    </Page>
  );
}
