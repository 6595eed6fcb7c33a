import type { QueryClient } from "@tanstack/react-query";
import { forgetDrafts } from "@/composer/draft";
import { abandonAll } from "@/generation/follow";
import { forgetPending } from "@/generation/pending";

/** Nothing of a user stays in the page for the next one. */
export function forgetUser(client: QueryClient): void {
  abandonAll();
  forgetDrafts();
  forgetPending();
  client.clear();
}
