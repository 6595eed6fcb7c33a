import { Copy, LayoutTemplate, PenLine, ShieldCheck, ShieldOff, Trash2 } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useLocation } from "wouter";
import { toProblem } from "@/api/problem";
import type { Template } from "@/api/types";
import { useMe } from "@/data/account";
import {
  CATEGORIES,
  type Scope,
  templateTitle,
  useTemplateActions,
  useTemplates,
} from "@/data/templates";
import { NEW_CHAT } from "@/generation/running";
import { notify } from "@/lib/notify";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { IconButton } from "@/ui/icon-button";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { Skeleton } from "@/ui/skeleton";
import { Page } from "@/views/page/page";
import { problemText, t } from "@/words";
import { editedTemplate, editStored, insertTemplate } from "./windows";

const SCOPES = ["ALL", "OWN", "OTHERS", "WITHHELD"] as const;

export default function TemplatesPage() {
  const [scope, setScope] = useState<Scope>("ALL");
  const [category, setCategory] = useState("");
  const [query, setQuery] = useState("");
  const asked = useDeferredValue(query.trim());
  const { data: me } = useMe();
  const scopes = SCOPES.filter((value) => value !== "WITHHELD" || me?.role === "ADMIN");
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useTemplates(
    scope,
    category,
    asked,
  );
  const templates = data?.pages.flatMap((page) => page.templates) ?? [];
  return (
    <Page title={t("templates.title")} lead={t("templates.lead")}>
      <div className="mt-5 flex flex-wrap items-end gap-3">
        {scope !== "WITHHELD" && (
          <Field
            label={t("templates.search")}
            type="search"
            value={query}
            maxLength={200}
            onChange={(event) => setQuery(event.target.value)}
            className="min-w-44 flex-1"
          />
        )}
        <Select
          label={t("templates.scope")}
          value={scope}
          options={scopes.map((value) => ({ value, label: t(`templates.scopes.${value}`) }))}
          onChange={setScope}
        />
        {scope !== "WITHHELD" && (
          <Select
            label={t("templates.category")}
            value={category}
            options={[
              { value: "", label: t("templates.anyCategory") },
              ...CATEGORIES.map((value) => ({ value, label: value })),
            ]}
            onChange={setCategory}
          />
        )}
        <Button
          look="primary"
          size="large"
          onClick={() =>
            editedTemplate.set({
              title: "",
              category,
              description: "",
              text: "",
              public: false,
              withheld: false,
            })
          }
        >
          {t("templates.add")}
        </Button>
      </div>
      {error && !data && (
        <ProblemPanel
          title={t("templates.failed")}
          problem={error}
          onRetry={() => void refetch()}
          className="mt-5"
        />
      )}
      {!data && !error && <Skeleton className="my-6 h-24" />}
      {data && templates.length === 0 && (
        <div className="flex flex-col items-center gap-3 py-16 text-center text-sm text-soft">
          <LayoutTemplate aria-hidden className="size-6 text-muted" />
          {t(noneOf(scope, asked))}
        </div>
      )}
      {templates.length > 0 && (
        <>
          <ul className="mt-5 grid gap-3 sm:grid-cols-2">
            {templates.map((template) => (
              <Card key={template.id} template={template} />
            ))}
          </ul>
          <ListEnd
            hasMore={hasNextPage}
            busy={isFetchingNextPage}
            onMore={() => void fetchNextPage()}
          />
        </>
      )}
    </Page>
  );
}

function say(thrown: unknown): void {
  notify({ text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }), isError: true });
}

function noneOf(scope: Scope, asked: string) {
  if (scope === "WITHHELD") return "templates.noneWithheld";
  return scope === "OWN" && !asked ? "templates.noneOwn" : "templates.none";
}

function Card({ template }: { template: Template }) {
  const [, navigate] = useLocation();
  const { data: me } = useMe();
  const { remove, withhold, release } = useTemplateActions();
  const title = templateTitle(template);
  const hidden = template.withheld && !template.own; // An administrator alone sees it.
  const marks = [
    template.category,
    template.builtIn && t("templates.builtIn"),
    !template.builtIn && template.public && t("templates.public"),
    template.withheld && t("templates.withheld"),
  ].filter(Boolean);
  const use = () => {
    navigate("/");
    insertTemplate(template.id, NEW_CHAT).catch(say);
  };
  return (
    <li className="flex flex-col rounded-xl border border-line p-4">
      <h2 className="font-medium">
        <bdi>{title}</bdi>
      </h2>
      <p className="mt-0.5 text-xs text-muted">{marks.join(" · ")}</p>
      <p dir="auto" className="mt-2 line-clamp-3 flex-1 text-sm break-words text-soft">
        {template.description || template.text}
      </p>
      <div className="mt-3 flex items-center gap-1">
        {!hidden && (
          <Button size="small" aria-label={t("templates.useOf", { title })} onClick={use}>
            {t("templates.use")}
          </Button>
        )}
        <span className="flex-1" />
        {hidden && (
          <IconButton
            label={t("templates.releaseOf", { title })}
            small
            onClick={() => release(template)}
          >
            <ShieldCheck />
          </IconButton>
        )}
        {hidden ? null : template.own ? (
          <>
            <IconButton
              label={t("templates.editOf", { title })}
              small
              onClick={() => void editStored(template.id, false).catch(say)}
            >
              <PenLine />
            </IconButton>
            <IconButton
              label={t("templates.deleteOf", { title })}
              small
              onClick={() => remove(template)}
            >
              <Trash2 />
            </IconButton>
          </>
        ) : (
          <>
            <IconButton
              label={t("templates.copyOf", { title })}
              small
              onClick={() => void editStored(template.id, true).catch(say)}
            >
              <Copy />
            </IconButton>
            {me?.role === "ADMIN" && (
              <IconButton
                label={t("templates.withholdOf", { title })}
                small
                onClick={() => withhold(template)}
              >
                <ShieldOff />
              </IconButton>
            )}
          </>
        )}
      </div>
    </li>
  );
}
