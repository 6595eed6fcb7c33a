import { session } from "@/data/session";
import { useStore } from "@/lib/store";
import { Header } from "./header";
import { NotFound } from "./not-found";
import { VisitorHeader } from "./visitor-header";

/** An address that the page does not have. */
export default function Nowhere() {
  const visitor = useStore(session) === "out";
  return (
    <div className="flex h-full min-h-0 flex-1 flex-col">
      {visitor ? <VisitorHeader /> : <Header chat={undefined} plain />}
      <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col">
        <NotFound what="page" />
      </main>
    </div>
  );
}
