// The windows of templates, which the shell draws.
import type { Template } from "@/api/types";
import { setDraft } from "@/data/drafts";
import { getTemplate, renderTemplate } from "@/data/templates";
import { createStore } from "@/lib/store";
import { focusComposerEnd } from "@/ui/focus";

/** A template that is edited, or the beginning of a new one. */
export interface Edited {
  id?: string;
  title: string;
  category: string;
  description: string;
  text: string;
  public: boolean;
  withheld: boolean;
}

export const editedTemplate = createStore<Edited | undefined>(undefined);

/** A template whose variables are filled in, for the draft of this chat. */
export interface Filled {
  template: Template;
  chat: string;
}

export const filledTemplate = createStore<Filled | undefined>(undefined);

/** The editor with a message's text. Its braces stay braces. */
export function editFromMessage(text: string): void {
  const line = text.trim().split("\n", 1)[0] ?? "";
  editedTemplate.set({
    title: line.replace(/^[#>*\-\s]+/, "").slice(0, 60),
    category: "",
    description: "",
    text: text.replaceAll("{{", "\\{{"),
    public: false,
    withheld: false,
  });
}

/** Opens the editor with the whole text, which lists do not have. */
export async function editStored(id: string, asCopy: boolean): Promise<void> {
  const { title, category, description, text, withheld, ...rest } = await getTemplate(id);
  editedTemplate.set({
    ...(asCopy ? {} : { id }),
    title,
    category,
    description,
    text,
    public: !asCopy && rest.public,
    withheld: !asCopy && withheld,
  });
}

/** Puts a template into a draft: at once, or after its variables are filled in. */
export async function insertTemplate(id: string, chat: string): Promise<void> {
  const template = await getTemplate(id);
  if (template.fields.length > 0) {
    filledTemplate.set({ template, chat });
    return;
  }
  const { text } = await renderTemplate(id, {});
  setDraft(chat, text);
  focusComposerEnd();
}
