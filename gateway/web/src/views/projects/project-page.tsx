import { toProblem } from "@/api/problem";
import { nameOf, useProject } from "@/data/projects";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Header } from "@/views/page/header";
import { NotFound } from "@/views/page/not-found";
import { Page } from "@/views/page/page";
import { SectionTabs } from "@/views/page/section-tabs";
import { t } from "@/words";
import { ChatsSection } from "./chats-section";
import { InstructionsSection } from "./instructions-section";
import { SettingsSection } from "./settings-section";

/** A section is a row here and its name in `projects.sections` of words/en.ts. */
const SECTIONS = [
  { name: "chats", Section: ChatsSection },
  { name: "instructions", Section: InstructionsSection },
  { name: "settings", Section: SettingsSection },
] as const;

/** A project: its chats, what models read in it, and its settings. */
export default function ProjectPage({ id, section }: { id: string; section: string }) {
  const { data: project, error, refetch } = useProject(id);
  const shown = SECTIONS.find((one) => one.name === section);
  const status = error && !project ? toProblem(error).status : 0;
  if (!shown || status === 404 || status === 400) return <Nowhere />;
  if (!project) {
    return (
      <Page title={t("projects.title")}>
        {error ? (
          <ProblemPanel
            title={t("projects.failed")}
            problem={error}
            onRetry={() => void refetch()}
            className="mt-5"
          />
        ) : (
          <Skeleton className="my-6 h-24" />
        )}
      </Page>
    );
  }
  return (
    <Page title={nameOf(project)} {...(project.description && { lead: project.description })}>
      <SectionTabs
        label={nameOf(project)}
        current={shown.name}
        tabs={SECTIONS.map(({ name }) => ({
          name,
          href: name === "chats" ? `/project/${id}` : `/project/${id}/${name}`,
          label: t(`projects.sections.${name}`),
        }))}
      />
      <shown.Section project={project} />
    </Page>
  );
}

function Nowhere() {
  return (
    <>
      <Header chat={undefined} plain />
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
        <NotFound what="project" />
      </main>
    </>
  );
}
