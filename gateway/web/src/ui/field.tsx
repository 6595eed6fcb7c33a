import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn";

/** An input with a label, and below it a hint or an error. */
export function Field({
  label,
  hint,
  note,
  error,
  end,
  className,
  ...rest
}: ComponentProps<"input"> & {
  label: string;
  hint?: string;
  note?: string;
  error?: string | undefined;
  end?: ReactNode;
}) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
      <label htmlFor={id} className="flex items-baseline justify-between text-sm font-medium">
        {label}
        {note && <span className="text-xs font-normal text-muted">{note}</span>}
      </label>
      <div className="relative">
        <input
          id={id}
          dir="auto"
          aria-invalid={error ? true : undefined}
          aria-describedby={said ? `${id}-said` : undefined}
          className={cn(
            "h-11 w-full rounded-md border bg-raised px-3 text-base sm:text-[15px]",
            "placeholder:text-muted focus-visible:outline-offset-0",
            error ? "border-danger" : "border-line-strong",
            end && "pr-11",
          )}
          {...rest}
        />
        {end && <div className="absolute inset-y-0 right-1 flex items-center">{end}</div>}
      </div>
      {said && (
        <p id={`${id}-said`} className={cn("text-xs", error ? "text-danger" : "text-muted")}>
          {said}
        </p>
      )}
    </div>
  );
}
