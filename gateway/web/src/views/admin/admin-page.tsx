import { useMe } from "@/data/account";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Header } from "@/views/page/header";
import { NotFound } from "@/views/page/not-found";
import { Page } from "@/views/page/page";
import { SectionTabs } from "@/views/page/section-tabs";
import { t } from "@/words";
import { GroupsSection } from "./groups-section";
import { PlansSection } from "./plans-section";
import { ProvidersSection } from "./providers-section";
import { QueueSection } from "./queue-section";
import { TokensSection } from "./tokens-section";
import { UsageSection } from "./usage-section";
import { VouchersSection } from "./vouchers-section";

/** A section is a row here and its name in `admin.sections` of words/en-pages.ts. */
const SECTIONS = [
  { name: "providers", Section: ProvidersSection },
  { name: "usage", Section: UsageSection },
  { name: "vouchers", Section: VouchersSection },
  { name: "plans", Section: PlansSection },
  { name: "queue", Section: QueueSection },
  { name: "groups", Section: GroupsSection },
  { name: "tokens", Section: TokensSection },
] as const;

/** For administrators. The server refuses everybody else; for them the page does not exist. */
export default function AdminPage({ section }: { section: string | undefined }) {
  const { data: me, error, refetch } = useMe();
  const shown = section ? SECTIONS.find((one) => one.name === section) : SECTIONS[0];
  if (me && (me.role !== "ADMIN" || !shown)) return <Nowhere />;
  return (
    <Page title={t("admin.title")}>
      {error && !me && (
        <ProblemPanel
          title={t("admin.title")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-5"
        />
      )}
      {!error && !me && <Skeleton className="my-6 h-24" />}
      {me && shown && (
        <>
          <SectionTabs
            label={t("admin.title")}
            current={shown.name}
            tabs={SECTIONS.map(({ name }) => ({
              name,
              href: `/admin/${name}`,
              label: t(`admin.sections.${name}`),
            }))}
          />
          <shown.Section />
        </>
      )}
    </Page>
  );
}

function Nowhere() {
  return (
    <>
      <Header chat={undefined} plain />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
        <NotFound what="page" />
      </main>
    </>
  );
}
