import type { Project } from "@/api/types";
import { cn } from "@/ui/cn";
import { t } from "@/words";
import { COLOURS, ICONS, type IconWord, ProjectIcon } from "./project-icon";

type Look = Pick<Project, "icon" | "colour">;

/** Icon and colour, each a group of radio buttons. */
export function LookFields({ look, onChange }: { look: Look; onChange: (look: Look) => void }) {
  const icon = look.icon in ICONS ? look.icon : "folder";
  return (
    <>
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t("projects.icon")}</legend>
        <div className="flex flex-wrap gap-1">
          {(Object.keys(ICONS) as IconWord[]).map((word) => (
            <Choice
              key={word}
              name="icon"
              label={t(`projects.icons.${word}`)}
              checked={icon === word}
              onChoose={() => onChange({ ...look, icon: word })}
            >
              <ProjectIcon project={{ icon: word, colour: look.colour }} className="size-4.5" />
            </Choice>
          ))}
        </div>
      </fieldset>
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t("projects.colour")}</legend>
        <div className="flex flex-wrap gap-1">
          {(Object.keys(COLOURS) as (keyof typeof COLOURS)[]).map((word) => (
            <Choice
              key={word}
              name="colour"
              label={t(`projects.colours.${word}`)}
              checked={look.colour === COLOURS[word]}
              onChoose={() => onChange({ ...look, colour: COLOURS[word] })}
            >
              <span
                aria-hidden
                className={cn(
                  "size-4.5 rounded-full",
                  !COLOURS[word] && "border border-line-strong",
                )}
                style={{ backgroundColor: COLOURS[word] || "transparent" }}
              />
            </Choice>
          ))}
        </div>
      </fieldset>
    </>
  );
}

function Choice({
  name,
  label,
  checked,
  onChoose,
  children,
}: {
  name: string;
  label: string;
  checked: boolean;
  onChoose: () => void;
  children: React.ReactNode;
}) {
  return (
    <label
      data-tip={label}
      className={cn(
        "flex size-9 cursor-pointer items-center justify-center rounded-md border pointer-coarse:size-10",
        "has-focus-visible:outline-2 has-focus-visible:outline-accent",
        checked ? "border-accent bg-accent-soft" : "border-transparent hover:bg-hover",
      )}
    >
      <input
        type="radio"
        name={name}
        aria-label={label}
        checked={checked}
        onChange={onChoose}
        className="sr-only"
      />
      {children}
    </label>
  );
}
