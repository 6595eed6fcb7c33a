import { type FormEvent, useState } from "react";
import type { ModelGroup } from "@/api/types";
import {
  type GroupTerms,
  useDeleteModelGroup,
  useModelGroups,
  useSaveModelGroup,
} from "@/data/model-groups";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

const ROLES = ["USER", "ADMIN"] as const;

/** Who may use which model. */
export function GroupsSection() {
  const { data, error, isPending, refetch } = useModelGroups();
  const [edited, setEdited] = useState<ModelGroup>();
  const save = useSaveModelGroup();
  const remove = useDeleteModelGroup();
  const problem = save.error ?? remove.error ?? (data ? null : error);
  return (
    <>
      <p className="mt-5 text-sm text-soft">{t("admin.groups.about")}</p>
      <GroupForm
        key={`${edited?.id ?? "new"} ${data?.groups.length}`}
        group={edited}
        busy={save.isPending}
        onSave={(terms) =>
          save.mutate({ id: edited?.id, terms }, { onSuccess: () => setEdited(undefined) })
        }
        onCancel={() => setEdited(undefined)}
      />
      {problem && (
        <ProblemPanel
          title={t("admin.sections.groups")}
          problem={problem}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      {isPending && <Skeleton className="mt-6 h-24" />}
      {data && data.groups.length === 0 && (
        <p className="mt-8 text-sm text-soft">{t("admin.groups.none")}</p>
      )}
      <ul className="mt-8 text-sm">
        {data?.groups.map((group) => (
          <li
            key={group.id}
            className="flex items-center justify-between gap-3 border-b border-line py-2.5"
          >
            <div className="min-w-0">
              <p className="truncate font-medium">{group.name}</p>
              <p className="truncate text-muted">
                {group.models.join(", ")} · {members(group)}
              </p>
            </div>
            <div className="flex shrink-0 gap-2">
              <Button size="small" onClick={() => setEdited(group)}>
                {t("admin.groups.edit")}
              </Button>
              <Button
                size="small"
                look="danger"
                disabled={remove.isPending}
                onClick={() => remove.mutate(group.id)}
              >
                {t("admin.groups.remove")}
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

function members(group: ModelGroup): string {
  if (group.everyone) return t("admin.groups.everyone");
  const parts: string[] = ROLES.filter((role) => group.roles.includes(role)).map((role) =>
    t(`admin.groups.role.${role}`),
  );
  if (group.users.length > 0)
    parts.push(t("admin.groups.usersCount", { count: group.users.length }));
  if (group.plans.length > 0)
    parts.push(t("admin.groups.plansOf", { plans: group.plans.join(", ") }));
  return parts.join(", ") || t("admin.groups.nobody");
}

function words(text: unknown): string[] {
  return String(text ?? "")
    .split(/[\s,]+/)
    .filter(Boolean);
}

function GroupForm({
  group,
  busy,
  onSave,
  onCancel,
}: {
  group: ModelGroup | undefined;
  busy: boolean;
  onSave: (terms: GroupTerms) => void;
  onCancel: () => void;
}) {
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    onSave({
      name: String(form.get("name") ?? "").trim(),
      models: words(form.get("models")),
      everyone: form.has("everyone"),
      roles: ROLES.filter((role) => form.has(role)),
      users: words(form.get("users")),
      plans: words(form.get("plans")),
    });
  };
  return (
    <form onSubmit={save} className="mt-4 grid gap-4 sm:grid-cols-2">
      <Field
        label={t("admin.groups.name")}
        name="name"
        defaultValue={group?.name}
        maxLength={100}
        required
      />
      <Field
        label={t("admin.groups.models")}
        hint={t("admin.groups.modelsHint")}
        name="models"
        defaultValue={group?.models.join(", ")}
        required
      />
      <fieldset className="flex flex-wrap items-center gap-x-5 gap-y-2 text-sm">
        <legend className="mb-1.5 font-medium">{t("admin.groups.members")}</legend>
        <Check name="everyone" label={t("admin.groups.everyone")} checked={group?.everyone} />
        {ROLES.map((role) => (
          <Check
            key={role}
            name={role}
            label={t(`admin.groups.role.${role}`)}
            checked={group?.roles.includes(role)}
          />
        ))}
      </fieldset>
      <Field
        label={t("admin.groups.users")}
        hint={t("admin.groups.usersHint")}
        name="users"
        defaultValue={group?.users.join(", ")}
      />
      <Field
        label={t("admin.groups.plans")}
        hint={t("admin.groups.plansHint")}
        name="plans"
        defaultValue={group?.plans.join(", ")}
      />
      <div className="flex gap-2">
        <Button type="submit" look="primary" disabled={busy}>
          {t(group ? "admin.groups.save" : "admin.groups.create")}
        </Button>
        {group && <Button onClick={onCancel}>{t("admin.groups.cancel")}</Button>}
      </div>
    </form>
  );
}

function Check({
  name,
  label,
  checked,
}: {
  name: string;
  label: string;
  checked: boolean | undefined;
}) {
  return (
    <label className="flex items-center gap-2">
      <input type="checkbox" name={name} defaultChecked={checked} className="size-4" />
      {label}
    </label>
  );
}
