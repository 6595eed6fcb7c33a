import type { QueryClient } from "@tanstack/react-query";
import { abandonAll } from "@/generation/follow";
import { forgetPending } from "@/generation/pending";
import { forgetDrafts } from "@/views/composer/draft";

/** Nothing of a user stays in the page for the next one. */
export function forgetUser(client: QueryClient): void {
  abandonAll();
  forgetDrafts();
  forgetPending();
  client.clear();
}
