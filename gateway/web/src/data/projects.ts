// Projects and their prompts. The order of prompts shows at once, and goes back when the server refuses it.
import { useMutation, useQuery } from "@tanstack/react-query";
import { toProblem } from "@/api/problem";
import type { Project, ProjectPrompt } from "@/api/types";
import { isolated } from "@/lib/direction";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { cache, refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";
import { usePages } from "./pages";

export type ProjectTerms = Pick<
  Project,
  "name" | "description" | "colour" | "icon" | "instructions" | "defaultModel"
>;

export function useProjects() {
  return usePages(keys.projects, (page, signal) =>
    ask(api.GET("/api/v1/projects", { params: { query: { pageSize: 100, ...page } }, signal })),
  );
}

export function useProject(project: string) {
  return useQuery({
    queryKey: keys.project(project),
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/projects/{project}", { params: { path: { project } }, signal })),
  });
}

export function nameOf(project: Pick<Project, "name">): string {
  return isolated(project.name);
}

export function useCreateProject() {
  return useMutation({
    mutationFn: (body: Pick<ProjectTerms, "name" | "icon" | "colour">) =>
      ask(api.POST("/api/v1/projects", { body })),
    onSuccess: (project) => {
      cache.setQueryData<Project>(keys.project(project.id), project);
      refresh(keys.projects);
    },
  });
}

export function useUpdateProject(id: string) {
  return useMutation({
    mutationFn: (body: Partial<ProjectTerms>) =>
      ask(api.PATCH("/api/v1/projects/{project}", { params: { path: { project: id } }, body })),
    onSuccess: (project) => {
      cache.setQueryData<Project>(keys.project(id), project);
      refresh(keys.projects);
    },
  });
}

/** Deletes a project. Its chats are in the list from now on, until the deletion is undone. */
export function useDeleteProject() {
  const params = (project: Project) => ({ params: { path: { project: project.id } } });
  const settle = () => refresh(keys.projects, keys.chats);
  const say = (thrown: unknown) =>
    notify({
      text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
      isError: true,
    });
  const undelete = useMutation({
    mutationFn: (project: Project) =>
      ask(api.POST("/api/v1/projects/{project}:undelete", params(project))),
    onSuccess: (project) => {
      cache.setQueryData<Project>(keys.project(project.id), project);
      notify({ text: t("projects.restored", { name: nameOf(project) }) });
    },
    onError: say,
    onSettled: settle,
  });
  return useMutation({
    mutationFn: (project: Project) =>
      ask(api.DELETE("/api/v1/projects/{project}", params(project))),
    onSuccess: (_data, project) => {
      cache.removeQueries({ queryKey: keys.project(project.id) });
      refresh(["chat"]); // Chats of the project have none any more.
      notify({
        text: t("projects.deleted", { name: nameOf(project) }),
        action: { label: t("common.undo"), onClick: () => undelete.mutate(project) },
      });
    },
    onError: say,
    onSettled: settle,
  });
}

// ---------------------------------------------------------------- prompts

interface Prompts {
  prompts: ProjectPrompt[];
}

export function usePrompts(project: string) {
  return useQuery({
    queryKey: keys.prompts(project),
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/projects/{project}/prompts", { params: { path: { project } }, signal })),
  });
}

export type PromptTerms = Pick<ProjectPrompt, "title" | "text">;

export function usePromptActions(project: string) {
  const settle = () => refresh(keys.prompts(project), keys.project(project));
  const create = useMutation({
    mutationFn: (body: PromptTerms) =>
      ask(api.POST("/api/v1/projects/{project}/prompts", { params: { path: { project } }, body })),
    onSettled: settle,
  });
  const update = useMutation({
    mutationFn: ({
      id,
      change,
    }: {
      id: string;
      change: Partial<PromptTerms & Pick<ProjectPrompt, "enabled" | "position">>;
    }) =>
      ask(
        api.PATCH("/api/v1/prompts/{prompt}", { params: { path: { prompt: id } }, body: change }),
      ),
    onMutate: async ({ id, change }) => {
      await cache.cancelQueries({ queryKey: keys.prompts(project) });
      cache.setQueryData<Prompts>(
        keys.prompts(project),
        (old) => old && { prompts: changed(old.prompts, id, change) },
      );
    },
    onSettled: settle,
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      ask(api.DELETE("/api/v1/prompts/{prompt}", { params: { path: { prompt: id } } })),
    onSettled: settle,
  });
  return { create, update, remove };
}

/** The prompts with one changed, and at its new place. */
export function changed(
  prompts: ProjectPrompt[],
  id: string,
  change: Partial<ProjectPrompt>,
): ProjectPrompt[] {
  const all = prompts.map((one) => (one.id === id ? { ...one, ...change } : one));
  if (change.position === undefined) return all;
  const from = all.findIndex((one) => one.id === id);
  const [moved] = all.splice(from, 1);
  if (moved) all.splice(change.position - 1, 0, moved);
  return all.map((one, index) => ({ ...one, position: index + 1 }));
}
