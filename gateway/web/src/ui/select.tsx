import { useId } from "react";
import { cn } from "./cn";

/** A choice of few, with a label. */
export function Select<V extends string>({
  label,
  value,
  options,
  onChange,
  name,
  className,
}: {
  label: string;
  value?: V;
  options: { value: V; label: string }[];
  onChange?: (value: V) => void;
  name?: string;
  className?: string;
}) {
  const id = useId();
  return (
    <div className={cn("flex flex-col gap-1.5", className)}>
      <label htmlFor={id} className="text-sm font-medium">
        {label}
      </label>
      <select
        id={id}
        name={name}
        {...(onChange && { value, onChange: (event) => onChange(event.target.value as V) })}
        className="h-11 w-full rounded-md border border-line-strong bg-raised px-3 text-base focus-visible:outline-offset-0 sm:text-[15px]"
      >
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </div>
  );
}
