import { MessageSquare } from "lucide-react";
import type { ReactNode } from "react";
import type { Chat } from "@/api/types";
import { titleOf } from "@/data/chats";
import { nameOf, useProjects } from "@/data/projects";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { useMove } from "./drag";
import { moving } from "./moving";
import { newProject } from "./new-project";
import { ProjectIcon } from "./project-icon";

/** The dialog in which a chat gets another project, or none. */
export default function MoveChat({ chat }: { chat: Chat }) {
  const { data, error, refetch, hasNextPage, fetchNextPage } = useProjects();
  const moveTo = useMove();
  const close = () => moving.set(undefined);
  const move = (project: string) => {
    close();
    moveTo(chat, project);
  };
  const projects = data?.pages.flatMap((page) => page.projects) ?? [];
  return (
    <Dialog title={t("projects.moveTitle", { title: titleOf(chat) })} onClose={close}>
      {error && !data && (
        <ProblemPanel
          title={t("projects.failed")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      {!data && !error && <Skeleton className="mt-4 h-24" />}
      {data && (
        <ul className="mt-3 -mx-2">
          <Row here={chat.project === ""} onChoose={() => move("")}>
            <MessageSquare aria-hidden className="size-4 shrink-0 text-muted" />
            {t("projects.moveNone")}
          </Row>
          {projects.map((project) => (
            <Row
              key={project.id}
              here={chat.project === project.id}
              onChoose={() => move(project.id)}
            >
              <ProjectIcon project={project} />
              <bdi className="truncate">{nameOf(project)}</bdi>
            </Row>
          ))}
        </ul>
      )}
      <div className="mt-4 flex gap-2">
        {hasNextPage && <Button onClick={() => void fetchNextPage()}>{t("common.more")}</Button>}
        <Button
          onClick={() => {
            close();
            newProject.set(true);
          }}
        >
          {t("projects.add")}
        </Button>
      </div>
    </Dialog>
  );
}

function Row({
  here,
  onChoose,
  children,
}: {
  here: boolean;
  onChoose: () => void;
  children: ReactNode;
}) {
  return (
    <li>
      <button
        type="button"
        onClick={onChoose}
        className="flex h-10 w-full items-center gap-3 rounded-md px-2 text-left text-sm hover:bg-hover pointer-coarse:h-11"
      >
        {children}
        {here && (
          <span className="ml-auto shrink-0 text-xs text-muted">{t("projects.moveHere")}</span>
        )}
      </button>
    </li>
  );
}
