import {
  BookOpen,
  Briefcase,
  Code,
  FlaskConical,
  Folder,
  Heart,
  House,
  PenLine,
  Plane,
  Star,
} from "lucide-react";
import type { Project } from "@/api/types";

/** Icons by the words that the API stores. An unknown word is a folder. */
export const ICONS = {
  folder: Folder,
  book: BookOpen,
  code: Code,
  briefcase: Briefcase,
  flask: FlaskConical,
  heart: Heart,
  home: House,
  pen: PenLine,
  plane: Plane,
  star: Star,
} as const;

export type IconWord = keyof typeof ICONS;

/** Each has contrast enough on the light and on the dark page. */
export const COLOURS = {
  none: "",
  red: "#d9534f",
  orange: "#c9771f",
  green: "#3f9152",
  teal: "#2a8f93",
  blue: "#4a7fd6",
  violet: "#8b66d6",
  pink: "#cf5c9b",
} as const;

export function ProjectIcon({
  project,
  className = "size-4",
}: {
  project: Pick<Project, "icon" | "colour">;
  className?: string;
}) {
  const Icon = ICONS[project.icon as IconWord] ?? Folder;
  return (
    <Icon
      aria-hidden
      className={`shrink-0 ${className}`}
      {...(project.colour && { style: { color: project.colour } })}
    />
  );
}
