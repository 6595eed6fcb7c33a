import "./styles/main.css";
import { StrictMode, Suspense, useState } from "react";
import { createRoot } from "react-dom/client";
import { sayWhatIsUnexpected } from "@/app/unexpected";
import { DataProvider } from "@/data/provider";
import { lazyView } from "@/ui/lazy-view";
import { App } from "./app/app";
import { notes } from "./lib/notify";
import { useStore } from "./lib/store";
import { Boundary } from "./ui/boundary";

/** The part that draws notes is loaded this long after the page, in milliseconds. */
const NOTES_MS = 3000;

const loadNotes = () => import("./app/notes");
const Tips = lazyView(() => import("./ui/tips"), "nothing");
const Notes = lazyView(loadNotes, "nothing");

function Root() {
  const [noted, setNoted] = useState(false);
  const waiting = useStore(notes).length > 0;
  if (waiting && !noted) setNoted(true);
  return (
    <DataProvider>
      <App />
      <Suspense fallback={null}>
        <Tips />
        {noted && <Notes />}
      </Suspense>
    </DataProvider>
  );
}

sayWhatIsUnexpected();
// Without a connection the part could not be loaded to say that the connection is lost.
setTimeout(() => void loadNotes().catch(() => undefined), NOTES_MS);

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <Boundary part="app">
      <Root />
    </Boundary>
  </StrictMode>,
);
