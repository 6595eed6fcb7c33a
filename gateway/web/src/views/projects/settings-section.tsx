import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import type { Project } from "@/api/types";
import { useBudgets } from "@/data/credits";
import { useModels } from "@/data/models";
import { useDeleteProject, useUpdateProject } from "@/data/projects";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { Skeleton } from "@/ui/skeleton";
import { BudgetForm } from "@/views/credits/budget-form";
import { BudgetRow } from "@/views/credits/budgets";
import { t } from "@/words";
import { LookFields } from "./look-fields";

export function SettingsSection({ project }: { project: Project }) {
  return (
    <>
      <Facts project={project} />
      <ProjectBudget project={project} />
      <Deletion project={project} />
    </>
  );
}

function Facts({ project }: { project: Project }) {
  const [look, setLook] = useState({ icon: project.icon, colour: project.colour });
  const [model, setModel] = useState(project.defaultModel);
  const { data: models } = useModels();
  const { mutate, isPending, isSuccess, error } = useUpdateProject(project.id);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    mutate({
      name: String(form.get("name") ?? "").trim(),
      description: String(form.get("description") ?? "").trim(),
      defaultModel: model,
      ...look,
    });
  };
  const known = models?.some(({ id }) => id === project.defaultModel);
  const options = [
    { value: "", label: t("projects.serverModel") },
    ...(known || !project.defaultModel
      ? []
      : [{ value: project.defaultModel, label: project.defaultModel }]),
    ...(models?.map(({ id, displayName }) => ({ value: id, label: displayName })) ?? []),
  ];
  return (
    <form onSubmit={save} className="mt-5 grid gap-4 sm:grid-cols-2">
      <Field
        label={t("projects.name")}
        name="name"
        defaultValue={project.name}
        maxLength={100}
        required
      />
      <Select label={t("projects.model")} value={model} options={options} onChange={setModel} />
      <Field
        label={t("projects.description")}
        name="description"
        defaultValue={project.description}
        maxLength={1000}
        className="sm:col-span-2"
      />
      <LookFields look={look} onChange={setLook} />
      {error && (
        <ProblemPanel title={t("projects.notSaved")} problem={error} className="sm:col-span-2" />
      )}
      <div className="flex items-center gap-3 sm:col-span-2">
        <Button type="submit" look="primary" disabled={isPending}>
          {t("common.save")}
        </Button>
        <span role="status" className="text-sm text-muted">
          {isSuccess && !isPending && t("projects.saved")}
        </span>
      </div>
    </form>
  );
}

function ProjectBudget({ project }: { project: Project }) {
  const { data, error, refetch } = useBudgets();
  const [adding, setAdding] = useState(false);
  const budgets = data?.budgets.filter(({ id }) => id === project.id) ?? [];
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("projects.budget")}</h2>
      <p className="mt-1 text-sm text-soft">{t("projects.budgetText")}</p>
      {error && !data && (
        <ProblemPanel
          title={t("projects.budget")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-3"
        />
      )}
      {!data && !error && <Skeleton className="mt-3 h-10" />}
      {data && budgets.length === 0 && !adding && (
        <div className="mt-3 flex flex-wrap items-center gap-3 text-sm text-muted">
          {t("projects.budgetNone")}
          <Button size="small" onClick={() => setAdding(true)}>
            {t("projects.budgetAdd")}
          </Button>
        </div>
      )}
      {adding && (
        <BudgetForm
          budget={{
            id: project.id,
            kind: "PROJECT",
            displayName: project.name,
            period: "MONTH",
            used: "0",
            held: "0",
          }}
          onDone={() => setAdding(false)}
        />
      )}
      <ul className="mt-2 text-sm">
        {budgets.map((budget) => (
          <BudgetRow key={budget.period} budget={budget} />
        ))}
      </ul>
    </section>
  );
}

function Deletion({ project }: { project: Project }) {
  const [, navigate] = useLocation();
  const { mutate, isPending } = useDeleteProject();
  return (
    <section className="mt-10 border-t border-line pt-6">
      <p className="text-sm text-soft">{t("projects.removeText")}</p>
      <Button
        look="danger"
        className="mt-3"
        disabled={isPending}
        onClick={() => {
          navigate("/"); // First, so that nobody asks for what is gone.
          mutate(project);
        }}
      >
        {t("projects.remove")}
      </Button>
    </section>
  );
}
