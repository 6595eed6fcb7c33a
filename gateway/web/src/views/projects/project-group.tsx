import { ChevronRight, Plus } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import type { Project } from "@/api/types";
import { nameOf, useProjects } from "@/data/projects";
import { recall, remember } from "@/lib/storage";
import { cn } from "@/ui/cn";
import { IconButton } from "@/ui/icon-button";
import { ProblemPanel } from "@/ui/problem-panel";
import { closeSheet } from "@/views/sidebar/layout";
import { t } from "@/words";
import { useDrop } from "./drag";
import { newProject } from "./new-project";
import { ProjectIcon } from "./project-icon";

const FOLDED = "projects";

/** The projects in the sidebar. They fold to one line, and the browser remembers it. */
export function ProjectGroup() {
  const [folded, setFolded] = useState(recall(FOLDED) === "folded");
  const fold = () => {
    setFolded(!folded);
    remember(FOLDED, folded ? null : "folded");
  };
  return (
    <section aria-labelledby="projects-title" className="flex max-h-[38%] shrink-0 flex-col px-2.5">
      <div className="flex items-center justify-between pr-1">
        <h2 id="projects-title" className="text-xs font-medium text-muted">
          <button
            type="button"
            aria-expanded={!folded}
            onClick={fold}
            className="flex h-8 items-center gap-1 rounded-md px-2 hover:text-text pointer-coarse:h-10"
          >
            {t("projects.title")}
            <ChevronRight
              aria-hidden
              className={cn("size-3 transition-transform", !folded && "rotate-90")}
            />
          </button>
        </h2>
        <IconButton
          label={t("projects.add")}
          small
          onClick={() => {
            closeSheet();
            newProject.set(true);
          }}
        >
          <Plus />
        </IconButton>
      </div>
      {!folded && <List />}
    </section>
  );
}

function List() {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useProjects();
  if (!data) {
    if (!error) return null;
    return (
      <ProblemPanel title={t("projects.failed")} problem={error} onRetry={() => void refetch()} />
    );
  }
  const projects = data.pages.flatMap((page) => page.projects);
  if (projects.length === 0) {
    return <p className="px-2 pb-1 text-xs text-muted">{t("projects.none")}</p>;
  }
  return (
    <ul className="min-h-0 overflow-y-auto">
      {projects.map((project) => (
        <Row key={project.id} project={project} />
      ))}
      {hasNextPage && (
        <li>
          <button
            type="button"
            onClick={() => void fetchNextPage()}
            className="h-8.5 w-full rounded-md px-2 text-left text-sm text-muted hover:bg-hover pointer-coarse:h-11"
          >
            {t("projects.all")}
          </button>
        </li>
      )}
    </ul>
  );
}

function Row({ project }: { project: Project }) {
  const [path] = useLocation();
  const drop = useDrop(project.id);
  const href = `/project/${project.id}`;
  const here = path === href || path.startsWith(`${href}/`);
  return (
    <li {...drop.handlers}>
      <Link
        href={href}
        onClick={closeSheet}
        aria-current={here ? "page" : undefined}
        className={cn(
          "flex h-8.5 items-center gap-2.5 rounded-md px-2 text-sm pointer-coarse:h-11",
          here ? "bg-active font-medium" : "hover:bg-hover",
          drop.over && "bg-hover ring-2 ring-accent ring-inset",
        )}
      >
        <ProjectIcon project={project} className="size-[15px] text-soft" />
        <bdi className="truncate">{nameOf(project)}</bdi>
      </Link>
    </li>
  );
}
