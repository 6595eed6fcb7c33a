import type { FormEvent } from "react";
import type { Project } from "@/api/types";
import { useUpdateProject } from "@/data/projects";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { TextArea } from "@/ui/text-area";
import { t } from "@/words";
import { Prompts } from "./prompts";

/** The texts that models read before each chat of the project. */
export function InstructionsSection({ project }: { project: Project }) {
  const { mutate, isPending, isSuccess, error } = useUpdateProject(project.id);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    mutate({ instructions: String(new FormData(event.currentTarget).get("instructions") ?? "") });
  };
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("projects.about")}</p>
      <p className="mt-1 text-sm text-muted tabular-nums">
        {t("projects.tokens", { count: project.contextTokens })}
      </p>
      <form onSubmit={save} className="mt-5">
        <TextArea
          label={t("projects.instructions")}
          hint={t("projects.instructionsHint")}
          name="instructions"
          rows={7}
          defaultValue={project.instructions}
        />
        {error && <ProblemPanel title={t("projects.notSaved")} problem={error} className="mt-3" />}
        <div className="mt-3 flex items-center gap-3">
          <Button type="submit" look="primary" disabled={isPending}>
            {t("common.save")}
          </Button>
          <span role="status" className="text-sm text-muted">
            {isSuccess && !isPending && t("projects.saved")}
          </span>
        </div>
      </form>
      <Prompts project={project.id} />
    </>
  );
}
