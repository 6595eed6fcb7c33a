import { useLocation } from "wouter";
import { toProblem } from "@/api/problem";
import { endSession } from "@/data/account";
import { signedOut } from "@/data/session";
import { forgetUser } from "@/generation/forget";
import { notify } from "@/lib/notify";
import { problemText, t } from "@/words";

/** Ends this session, or all sessions of the user, and forgets all that the page knows. */
export function useLogOut(): (everywhere: boolean) => Promise<void> {
  const [, navigate] = useLocation();
  return async (everywhere) => {
    try {
      await endSession(everywhere);
    } catch (thrown) {
      const problem = toProblem(thrown);
      if (problem.status !== 401) {
        notify({ text: problemText(problem), isError: true });
        return;
      }
    }
    forgetUser();
    signedOut();
    navigate("/login");
    if (everywhere) notify({ text: t("auth.everywhere") });
  };
}
