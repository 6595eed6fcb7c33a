import { useQueryClient } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, ask } from "@/api/client";
import { toProblem } from "@/api/problem";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";
import { forgetUser } from "./forget";
import { signedOut } from "./session";

/** Ends this session, or all of them, and forgets what the page knows. */
export function useLogOut(): (everywhere: boolean) => Promise<void> {
  const client = useQueryClient();
  const [, navigate] = useLocation();
  return async (everywhere) => {
    try {
      await ask(api.POST("/api/v1/auth/logout", { body: { everywhere } }));
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (problem.status !== 401) {
        notify({ text: problemText(problem), isError: true });
        return;
      }
    }
    forgetUser(client);
    signedOut();
    navigate("/login");
    if (everywhere) notify({ text: t("auth.everywhere") });
  };
}
