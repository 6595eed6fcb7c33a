import { Search } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useLocation, useSearch } from "wouter";
import { useModels } from "@/data/models";
import { nameOf, useProjects } from "@/data/projects";
import { type Archive, type Filters, type Scope, useSearchHits, useSettled } from "@/data/search";
import { Field } from "@/ui/field";
import { Select } from "@/ui/select";
import { Page } from "@/views/page/page";
import { t } from "@/words";
import { Results } from "./results";

/** Days back from now. */
const PERIODS = ["7", "30", "365"] as const;
const DAY_MS = 86_400_000;

/** All hits of a search, with filters. The address has both, so that reload, back and sharing the address work. */
export default function SearchPage() {
  const [, navigate] = useLocation();
  const asked = new URLSearchParams(useSearch());
  const get = (name: string) => asked.get(name) ?? "";
  const [query, setQuery] = useState(get("q"));
  const settled = useSettled(query);
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(location.search);
    if (value) next.set(name, value);
    else next.delete(name);
    navigate(`/search?${next}`, { replace: true });
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each query that has settled.
  useEffect(() => {
    if (settled !== get("q")) set("q", settled);
  }, [settled]);

  const filters = filtersOf(asked);
  const hits = useSearchHits(settled, filters);
  return (
    <Page title={t("search.title")}>
      <search className="mt-6 block">
        <Field
          label={t("search.query")}
          hint={t("search.hint")}
          type="search"
          name="q"
          autoFocus
          autoComplete="off"
          maxLength={400}
          value={query}
          onChange={(event) => setQuery(event.target.value)}
        />
        <FilterRow get={get} set={set} />
      </search>
      {settled.trim() === "" ? (
        <Hint>{t("search.begin")}</Hint>
      ) : (
        <Results hits={hits} none={<Hint>{t("search.none")}</Hint>} />
      )}
    </Page>
  );
}

function filtersOf(asked: URLSearchParams): Filters {
  const one = (name: string) => asked.get(name);
  const days = Number(one("days"));
  // The beginning of a day, so that the same search has the same address.
  const since = days > 0 ? new Date(Math.floor(Date.now() / DAY_MS - days) * DAY_MS) : undefined;
  return {
    ...(one("scope") && { scope: one("scope") as Scope }),
    ...(one("archive") && { archive: one("archive") as Archive }),
    ...(one("project") && { project: one("project")! }),
    ...(one("model") && { model: one("model")! }),
    ...(since && { since: since.toISOString() }),
  };
}

function FilterRow({
  get,
  set,
}: {
  get: (name: string) => string;
  set: (name: string, value: string) => void;
}) {
  const { data: models = [] } = useModels();
  const { data: projects } = useProjects();
  const select = (name: string, label: string, options: { value: string; label: string }[]) => (
    <Select
      label={label}
      value={get(name)}
      options={[{ value: "", label: t("search.any") }, ...options]}
      onChange={(value) => set(name, value)}
      className="min-w-0"
    />
  );
  return (
    <div className="mt-4 grid grid-cols-2 gap-3 sm:grid-cols-5 [&_select]:w-full">
      {select("scope", t("search.scope"), [
        { value: "TITLES", label: t("search.titles") },
        { value: "MESSAGES", label: t("search.messages") },
      ])}
      {select(
        "days",
        t("search.period"),
        PERIODS.map((value) => ({ value, label: t("search.days", { count: Number(value) }) })),
      )}
      {select(
        "model",
        t("search.model"),
        models.map(({ id, displayName }) => ({ value: id, label: displayName })),
      )}
      {select(
        "project",
        t("search.project"),
        (projects?.pages ?? []).flatMap((page) =>
          page.projects.map((project) => ({ value: project.id, label: nameOf(project) })),
        ),
      )}
      {select("archive", t("search.archive"), [
        { value: "EXCLUDED", label: t("search.current") },
        { value: "ONLY", label: t("search.archived") },
      ])}
    </div>
  );
}

function Hint({ children }: { children: ReactNode }) {
  return (
    <div className="flex flex-col items-center gap-3 py-16 text-center text-sm text-soft">
      <Search aria-hidden className="size-6 text-muted" />
      {children}
    </div>
  );
}
