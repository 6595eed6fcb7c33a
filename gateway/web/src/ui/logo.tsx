import { cn } from "./cn";

export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={cn("shrink-0", className)}>
      <path
        d="M16 16c-2.8-4.2-5.2-6.3-8-6.3a6.3 6.3 0 0 0 0 12.6c2.8 0 5.2-2.1 8-6.3s5.2-6.3 8-6.3a6.3 6.3 0 0 1 0 12.6c-2.8 0-5.2-2.1-8-6.3z"
        fill="none"
        stroke="currentColor"
        strokeWidth="3"
        strokeLinejoin="round"
      />
    </svg>
  );
}
