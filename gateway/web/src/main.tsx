import "./styles/main.css";
import { notifyManager, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode, Suspense, useState } from "react";
import { createRoot } from "react-dom/client";
import { sayWhatIsUnexpected } from "@/app/unexpected";
import { lazyView } from "@/ui/lazy-view";
import { toProblem } from "./api/problem";
import { App } from "./app/app";
import { notes } from "./lib/notify";
import { useStore } from "./lib/store";
import { Boundary } from "./ui/boundary";

/** What was fetched longer ago is asked for again when it is looked at, in milliseconds. */
const FRESH_MS = 10_000;

const RETRIES = 2;

/** The part that draws notes is loaded so long after the page, in milliseconds. */
const NOTES_MS = 3000;

// In the same turn: an answer that ended is in the list before its live copy leaves it.
notifyManager.setScheduler(queueMicrotask);

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (tries, error) => tries < RETRIES && toProblem(error).retryable,
    },
  },
});

const loadNotes = () => import("./app/notes");
const Tips = lazyView(() => import("./ui/tips"), "nothing");
const Notes = lazyView(loadNotes, "nothing");

function Root() {
  const [noted, setNoted] = useState(false);
  const waiting = useStore(notes).length > 0;
  if (waiting && !noted) setNoted(true);
  return (
    <QueryClientProvider client={client}>
      <App />
      <Suspense fallback={null}>
        <Tips />
        {noted && <Notes />}
      </Suspense>
    </QueryClientProvider>
  );
}

sayWhatIsUnexpected();
// A note about a lost connection has to be there before that is lost.
setTimeout(() => void loadNotes().catch(() => undefined), NOTES_MS);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Boundary part="app">
      <Root />
    </Boundary>
  </StrictMode>,
);
