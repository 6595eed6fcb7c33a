// Templates of prompts: own ones, public ones, and those that come with the server.
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { Template } from "@/api/types";
import { isolated } from "@/lib/direction";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export type Scope = "ALL" | "OWN" | "OTHERS" | "WITHHELD";

export type TemplateTerms = Pick<Template, "title" | "category" | "description" | "text"> &
  Partial<Pick<Template, "public">>;

/** The categories of the set that comes with the server. */
export const CATEGORIES = ["Writing", "Code", "Learning", "Work", "Research", "Everyday"] as const;

export function useTemplates(scope: Scope, category: string, query: string) {
  return usePages(keys.templateList(scope, category, query), (page, signal) => {
    if (scope === "WITHHELD") {
      return ask(api.GET("/api/v1/admin/templates", { params: { query: page }, signal }));
    }
    return ask(
      api.GET("/api/v1/templates", {
        params: {
          query: {
            ...(scope === "ALL" ? {} : { scope }),
            ...(category && { category }),
            ...(query && { query }),
            ...page,
          },
        },
        signal,
      }),
    );
  });
}

/** A few templates with this in the title, for the composer. */
export function useFoundTemplates(query: string) {
  return useQuery({
    queryKey: [...keys.templates, "found", query],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v1/templates", {
          params: { query: { pageSize: 8, ...(query && { query }) } },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });
}

export function templateTitle(template: Pick<Template, "title">): string {
  return isolated(template.title);
}

export function getTemplate(template: string): Promise<Template> {
  return ask(api.GET("/api/v1/templates/{template}", { params: { path: { template } } }));
}

export function useTemplate(template: string) {
  return useQuery({
    queryKey: keys.template(template),
    queryFn: () => getTemplate(template),
    enabled: template !== "",
  });
}

export function renderTemplate(
  template: string,
  variables: Record<string, string>,
): Promise<{ text: string }> {
  return ask(
    api.POST("/api/v1/templates/{template}:render", {
      params: { path: { template } },
      body: { variables },
    }),
  );
}

/** The variables of a text that is not stored, and the text with their defaults. */
export function usePreview(text: string) {
  return useQuery({
    queryKey: keys.templatePreview(text),
    queryFn: ({ signal }) => ask(api.POST("/api/v1/templates:preview", { body: { text }, signal })),
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** Makes a template, or changes the one with this id. */
export function useSaveTemplate() {
  return useMutation({
    mutationFn: ({ id, terms }: { id: string | undefined; terms: TemplateTerms }) =>
      id
        ? ask(
            api.PATCH("/api/v1/templates/{template}", {
              params: { path: { template: id } },
              body: terms,
            }),
          )
        : ask(api.POST("/api/v1/templates", { body: terms })),
    onSuccess: (template) => refresh(keys.templates, keys.template(template.id)),
  });
}

function say(thrown: unknown): void {
  notify({ text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }), isError: true });
}

export function useTemplateActions() {
  const params = (template: Template) => ({ params: { path: { template: template.id } } });
  const settle = () => refresh(keys.templates);
  const undelete = useMutation({
    mutationFn: (template: Template) =>
      ask(api.POST("/api/v1/templates/{template}:undelete", params(template))),
    onSuccess: (template) =>
      notify({ text: t("templates.restored", { title: templateTitle(template) }) }),
    onError: say,
    onSettled: settle,
  });
  const remove = useMutation({
    mutationFn: (template: Template) =>
      ask(api.DELETE("/api/v1/templates/{template}", params(template))),
    onSuccess: (_data, template) =>
      notify({
        text: t("templates.deleted", { title: templateTitle(template) }),
        action: { label: t("common.undo"), onClick: () => undelete.mutate(template) },
      }),
    onError: say,
    onSettled: settle,
  });
  const release = useMutation({
    mutationFn: (template: Template) =>
      ask(api.POST("/api/v1/admin/templates/{template}:release", params(template))),
    onSuccess: (_data, template) =>
      notify({ text: t("templates.releasedNow", { title: templateTitle(template) }) }),
    onError: say,
    onSettled: settle,
  });
  const withhold = useMutation({
    mutationFn: (template: Template) =>
      ask(api.POST("/api/v1/admin/templates/{template}:withhold", params(template))),
    onSuccess: (_data, template) =>
      notify({
        text: t("templates.withheldNow", { title: templateTitle(template) }),
        action: { label: t("common.undo"), onClick: () => release.mutate(template) },
      }),
    onError: say,
    onSettled: settle,
  });
  return {
    remove: (template: Template) => remove.mutate(template),
    withhold: (template: Template) => withhold.mutate(template),
    release: (template: Template) => release.mutate(template),
  };
}
