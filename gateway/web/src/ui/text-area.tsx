import { type ComponentProps, useId } from "react";
import { cn } from "./cn";

/** A text of several lines with a label, and below it a hint or an error. */
export function TextArea({
  label,
  hint,
  error,
  className,
  ...rest
}: ComponentProps<"textarea"> & { label: string; hint?: string; error?: string | undefined }) {
  const id = useId();
  const said = error ?? hint;
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <textarea
        id={id}
        dir="auto"
        rows={5}
        aria-invalid={error ? true : undefined}
        aria-describedby={said ? `${id}-said` : undefined}
        className={cn(
          "w-full resize-y rounded-md border bg-raised px-3 py-2.5 text-base leading-6 sm:text-[15px]",
          "placeholder:text-muted focus-visible:outline-offset-0",
          error ? "border-danger" : "border-line-strong",
        )}
        {...rest}
      />
      {said && (
        <p id={`${id}-said`} className={cn("text-xs", error ? "text-danger" : "text-muted")}>
          {said}
        </p>
      )}
    </div>
  );
}
