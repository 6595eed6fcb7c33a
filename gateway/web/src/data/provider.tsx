import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { cache } from "./cache";

/** The hooks of this folder work below it. */
export function DataProvider({ children }: { children: ReactNode }) {
  return <QueryClientProvider client={cache}>{children}</QueryClientProvider>;
}
