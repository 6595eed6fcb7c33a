import type { ReactNode } from "react";
import { session } from "@/data/session";
import { useStore } from "@/lib/store";
import { Title } from "@/ui/title";
import { Header } from "./header";
import { VisitorHeader } from "./visitor-header";

/** A page that is no chat: a heading over one scrolling column. */
export function Page({
  title,
  lead,
  children,
}: {
  title: string;
  lead?: string;
  children: ReactNode;
}) {
  const visitor = useStore(session) === "out";
  return (
    <>
      <Title>{title}</Title>
      {visitor ? <VisitorHeader /> : <Header chat={undefined} plain />}
      <main
        id="main"
        data-pane
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
      >
        <div className="mx-auto w-full max-w-[860px] px-4 pt-6 pb-16 sm:px-8 sm:pt-10">
          <h1 className="text-2xl font-semibold tracking-tight sm:text-[28px]">{title}</h1>
          {lead && <p className="mt-2 text-soft">{lead}</p>}
          {children}
        </div>
      </main>
    </>
  );
}
