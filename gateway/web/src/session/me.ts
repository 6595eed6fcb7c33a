import { useQuery } from "@tanstack/react-query";
import { api, ask } from "@/api/client";
import { keys } from "@/api/keys";
import { markInUse } from "./session";

/** The profile changes by this page only; in milliseconds. */
const PROFILE_FRESH_MS = 10 * 60_000;

export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: async ({ signal }) => {
      const me = await ask(api.GET("/api/v1/auth/me", { signal }));
      markInUse();
      return me;
    },
    staleTime: PROFILE_FRESH_MS,
  });
}
