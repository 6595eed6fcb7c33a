import type { Share } from "@/api/types";

/** The whole address of a link, or empty when the server cannot show it any more. */
export function linkOf(share: Share): string {
  return share.url && `${location.origin}${share.url}`;
}
