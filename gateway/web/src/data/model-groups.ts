// Groups of models, as an administrator makes them.
import { useMutation, useQuery } from "@tanstack/react-query";
import type { ModelGroup } from "@/api/types";
import { refresh } from "./cache";
import { api, ask } from "./client";
import { keys } from "./keys";

export type GroupTerms = Pick<
  ModelGroup,
  "name" | "models" | "everyone" | "roles" | "users" | "plans"
>;

export function useModelGroups() {
  return useQuery({
    queryKey: keys.modelGroups,
    queryFn: () => ask(api.GET("/api/v1/admin/model-groups")),
  });
}

/** Makes a group, or changes the one with this id. */
export function useSaveModelGroup() {
  return useMutation({
    mutationFn: ({ id, terms }: { id: string | undefined; terms: GroupTerms }) =>
      id
        ? ask(
            api.PATCH("/api/v1/admin/model-groups/{group}", {
              params: { path: { group: id } },
              body: terms,
            }),
          )
        : ask(api.POST("/api/v1/admin/model-groups", { body: terms })),
    onSuccess: () => refresh(keys.modelGroups, keys.models),
  });
}

export function useDeleteModelGroup() {
  return useMutation({
    mutationFn: (group: string) =>
      ask(api.DELETE("/api/v1/admin/model-groups/{group}", { params: { path: { group } } })),
    onSuccess: () => refresh(keys.modelGroups, keys.models),
  });
}
