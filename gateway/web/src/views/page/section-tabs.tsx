import { Link } from "wouter";
import { cn } from "@/ui/cn";

/** The sections of a page, each with a path of its own. On a narrow screen the row scrolls. */
export function SectionTabs({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: readonly { name: string; href: string; label: string }[];
  current: string;
}) {
  return (
    <nav aria-label={label} className="mt-5 overflow-x-auto border-b border-line">
      <div className="flex w-max gap-1">
        {tabs.map((tab) => (
          <Link
            key={tab.name}
            href={tab.href}
            ref={tab.name === current ? show : undefined}
            aria-current={tab.name === current ? "page" : undefined}
            className={cn(
              "border-b-2 px-3 py-2.5 text-sm text-soft first:pl-0 hover:text-text",
              tab.name === current ? "border-accent font-medium text-text" : "border-transparent",
            )}
          >
            {tab.label}
          </Link>
        ))}
      </div>
    </nav>
  );
}

function show(link: HTMLElement | null): void {
  link?.scrollIntoView({ block: "nearest", inline: "center" });
}
