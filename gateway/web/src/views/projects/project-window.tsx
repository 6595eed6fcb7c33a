import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { useCreateProject } from "@/data/projects";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { t } from "@/words";
import { LookFields } from "./look-fields";
import { newProject } from "./new-project";

/** The dialog for a new project. */
export default function ProjectWindow() {
  const [look, setLook] = useState({ icon: "folder", colour: "" });
  const { mutate, isPending, error } = useCreateProject();
  const [, navigate] = useLocation();
  const close = () => newProject.set(false);
  const create = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    mutate(
      { name, ...look },
      {
        onSuccess: (project) => {
          close();
          navigate(`/project/${project.id}`);
        },
      },
    );
  };
  return (
    <Dialog title={t("projects.add")} text={t("projects.none")} onClose={close}>
      <form onSubmit={create} className="mt-4 flex flex-col gap-4">
        <Field label={t("projects.name")} name="name" maxLength={100} required />
        <LookFields look={look} onChange={setLook} />
        {error && <ProblemPanel title={t("projects.notCreated")} problem={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={isPending}>
            {t("projects.create")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
