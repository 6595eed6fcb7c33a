import type { ReactNode } from "react";

/** A setting: its name on the left, its control on the right. */
export function Block({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children: ReactNode;
}) {
  return (
    <section className="flex flex-wrap items-center justify-between gap-x-8 gap-y-3 border-b border-line py-5 last:border-0">
      <div className="min-w-0">
        <h2 className="text-[15px] font-medium">{title}</h2>
        {text && <p className="mt-0.5 text-sm text-soft">{text}</p>}
      </div>
      {children}
    </section>
  );
}
