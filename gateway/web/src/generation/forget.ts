import { forgetData } from "@/data/account";
import { forgetDrafts } from "@/data/drafts";
import { forgetPending } from "./pending";
import { abandonAll } from "./send";

/** Nothing of a user stays in the page for the next one. */
export function forgetUser(): void {
  abandonAll();
  forgetDrafts();
  forgetPending();
  forgetData();
}
