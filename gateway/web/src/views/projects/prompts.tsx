import { ArrowDown, ArrowUp, GripVertical, PenLine, Trash2 } from "lucide-react";
import { type FormEvent, useRef, useState } from "react";
import type { ProjectPrompt } from "@/api/types";
import { type PromptTerms, usePromptActions, usePrompts } from "@/data/projects";
import { isolated } from "@/lib/direction";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { IconButton } from "@/ui/icon-button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { TextArea } from "@/ui/text-area";
import { t } from "@/words";

function titleOf(prompt: ProjectPrompt): string {
  return isolated(prompt.title) || t("projects.untitledPrompt");
}

/** The prompts of a project. They are moved by their buttons, or by the pointer. */
export function Prompts({ project }: { project: string }) {
  const { data, error, refetch } = usePrompts(project);
  const { create, update, remove } = usePromptActions(project);
  const [edited, setEdited] = useState<ProjectPrompt | "new">();
  const [doomed, setDoomed] = useState<ProjectPrompt>();
  const [said, setSaid] = useState("");
  const dragged = useRef<ProjectPrompt>(undefined);
  const prompts = data?.prompts ?? [];

  const move = (prompt: ProjectPrompt, position: number) => {
    if (position < 1 || position > prompts.length || position === prompt.position) return;
    update.mutate({ id: prompt.id, change: { position } });
    setSaid(
      t("projects.moved", { title: titleOf(prompt), place: position, count: prompts.length }),
    );
  };
  const save = (terms: PromptTerms) => {
    const done = { onSuccess: () => setEdited(undefined) };
    if (edited && edited !== "new") update.mutate({ id: edited.id, change: terms }, done);
    else create.mutate(terms, done);
  };
  const problem = update.error ?? remove.error ?? (data ? null : error);
  return (
    <section className="mt-10">
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-lg font-semibold tracking-tight">{t("projects.prompts")}</h2>
        <Button size="small" onClick={() => setEdited("new")}>
          {t("projects.addPrompt")}
        </Button>
      </div>
      <p className="mt-1 text-sm text-soft">{t("projects.promptsHint")}</p>
      {problem && !edited && (
        <ProblemPanel
          title={t(data ? "projects.notSaved" : "projects.failed")}
          problem={problem}
          onRetry={() => void refetch()}
          className="mt-3"
        />
      )}
      {!data && !error && <Skeleton className="mt-4 h-16" />}
      {data && prompts.length === 0 && (
        <p className="mt-4 text-sm text-muted">{t("projects.noPrompts")}</p>
      )}
      <ol className="mt-3" aria-label={t("projects.prompts")}>
        {prompts.map((prompt) => (
          <Row
            key={prompt.id}
            prompt={prompt}
            last={prompts.length}
            onDrag={() => {
              dragged.current = prompt;
            }}
            onDrop={() => dragged.current && move(dragged.current, prompt.position)}
            onMove={(position) => move(prompt, position)}
            onToggle={() => update.mutate({ id: prompt.id, change: { enabled: !prompt.enabled } })}
            onEdit={() => setEdited(prompt)}
            onDelete={() => setDoomed(prompt)}
          />
        ))}
      </ol>
      <p role="status" className="sr-only">
        {said}
      </p>
      {edited && (
        <PromptWindow
          prompt={edited === "new" ? undefined : edited}
          busy={create.isPending || update.isPending}
          problem={edited === "new" ? create.error : update.error}
          onSave={save}
          onClose={() => {
            create.reset();
            update.reset();
            setEdited(undefined);
          }}
        />
      )}
      {doomed && (
        <Dialog
          title={t("projects.deletePrompt", { title: titleOf(doomed) })}
          text={t("projects.promptDeleteText")}
          onClose={() => setDoomed(undefined)}
        >
          <div className="mt-5 flex justify-end gap-2">
            <Button onClick={() => setDoomed(undefined)}>{t("common.cancel")}</Button>
            <Button
              look="danger"
              onClick={() => {
                remove.mutate(doomed.id);
                setDoomed(undefined);
              }}
            >
              {t("common.delete")}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function Row({
  prompt,
  last,
  onDrag,
  onDrop,
  onMove,
  onToggle,
  onEdit,
  onDelete,
}: {
  prompt: ProjectPrompt;
  last: number;
  onDrag: () => void;
  onDrop: () => void;
  onMove: (position: number) => void;
  onToggle: () => void;
  onEdit: () => void;
  onDelete: () => void;
}) {
  const [over, setOver] = useState(false);
  const title = titleOf(prompt);
  return (
    <li
      draggable
      onDragStart={(event) => {
        event.dataTransfer.effectAllowed = "move";
        event.dataTransfer.setData("text/plain", prompt.text);
        onDrag();
      }}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDrop();
      }}
      className={cn(
        "flex flex-wrap items-center gap-x-2 gap-y-1 border-b border-line py-2 text-sm",
        over && "bg-accent-soft",
      )}
    >
      <GripVertical
        aria-hidden
        className="size-4 shrink-0 cursor-grab text-muted pointer-coarse:hidden"
      />
      <label className="flex min-h-9 min-w-0 flex-1 basis-52 items-center gap-2.5">
        <input
          type="checkbox"
          checked={prompt.enabled}
          onChange={onToggle}
          data-tip={t("projects.on")}
          className="size-4 shrink-0"
        />
        <span className={cn("min-w-0", !prompt.enabled && "text-muted")}>
          <bdi className="block truncate font-medium">{title}</bdi>
          <bdi className="block truncate text-muted">{prompt.text.slice(0, 200)}</bdi>
        </span>
      </label>
      <div className="flex shrink-0">
        <IconButton
          label={t("projects.up", { title })}
          small
          disabled={prompt.position === 1}
          onClick={() => onMove(prompt.position - 1)}
        >
          <ArrowUp />
        </IconButton>
        <IconButton
          label={t("projects.down", { title })}
          small
          disabled={prompt.position === last}
          onClick={() => onMove(prompt.position + 1)}
        >
          <ArrowDown />
        </IconButton>
        <IconButton label={t("projects.edit", { title })} small onClick={onEdit}>
          <PenLine />
        </IconButton>
        <IconButton label={t("projects.deletePrompt", { title })} small onClick={onDelete}>
          <Trash2 />
        </IconButton>
      </div>
    </li>
  );
}

function PromptWindow({
  prompt,
  busy,
  problem,
  onSave,
  onClose,
}: {
  prompt: ProjectPrompt | undefined;
  busy: boolean;
  problem: Error | null;
  onSave: (terms: PromptTerms) => void;
  onClose: () => void;
}) {
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onSave({ title: String(form.get("title") ?? "").trim(), text: String(form.get("text") ?? "") });
  };
  return (
    <Dialog
      title={prompt ? t("projects.edit", { title: titleOf(prompt) }) : t("projects.addPrompt")}
      onClose={onClose}
      className="max-w-xl"
    >
      <form onSubmit={save} className="mt-4 flex flex-col gap-4">
        <Field
          label={t("projects.promptTitle")}
          name="title"
          defaultValue={prompt?.title}
          maxLength={100}
        />
        <TextArea
          label={t("projects.promptText")}
          name="text"
          rows={8}
          defaultValue={prompt?.text}
          required
        />
        {problem && <ProblemPanel title={t("projects.notSaved")} problem={problem} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={busy}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
