import { Page } from "@/views/page/page";
import { SectionTabs } from "@/views/page/section-tabs";
import { t } from "@/words";
import { AccountSection } from "./account-section";
import { ArchivedSection } from "./archived-section";
import { BinSection } from "./bin-section";
import { DataSection } from "./data-section";
import { GeneralSection } from "./general-section";
import { SharesSection } from "./shares-section";

const SECTIONS = [
  { name: "general", href: "/settings", Section: GeneralSection },
  { name: "account", href: "/settings/account", Section: AccountSection },
  { name: "data", href: "/settings/data", Section: DataSection },
  { name: "shares", href: "/settings/shares", Section: SharesSection },
  { name: "archived", href: "/settings/archived", Section: ArchivedSection },
  { name: "bin", href: "/settings/bin", Section: BinSection },
] as const;

/** Each section has a path. An unknown path shows the first one. */
export default function SettingsPage({ section }: { section: string }) {
  const { name, Section } = SECTIONS.find((one) => one.name === section) ?? SECTIONS[0];
  return (
    <Page title={t("settings.title")}>
      <SectionTabs
        label={t("settings.title")}
        current={name}
        tabs={SECTIONS.map((one) => ({
          name: one.name,
          href: one.href,
          label: t(`settings.${one.name}`),
        }))}
      />
      <Section />
    </Page>
  );
}
