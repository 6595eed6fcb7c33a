import { type FormEvent, useState } from "react";
import { toProblem } from "@/api/problem";
import type { TemplateField } from "@/api/types";
import { setDraft } from "@/data/drafts";
import { renderTemplate, templateTitle } from "@/data/templates";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { focusComposerEnd } from "@/ui/focus";
import { ProblemPanel } from "@/ui/problem-panel";
import { Select } from "@/ui/select";
import { TextArea } from "@/ui/text-area";
import { t } from "@/words";
import { type Filled, filledTemplate } from "./windows";

/** Asks for a template's variables, and puts its text into the composer. */
export default function FillWindow({ filled: { template, chat } }: { filled: Filled }) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Error>();
  const close = () => filledTemplate.set(undefined);
  const insert = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const values: Record<string, string> = {};
    template.fields.forEach((field, index) => {
      const value = String(form.get(`v${index}`) ?? "");
      // An empty number or date is none: the server takes its default.
      if (value !== "" || !(field.type === "NUMBER" || field.type === "DATE"))
        values[field.name] = value;
    });
    setBusy(true);
    try {
      const { text } = await renderTemplate(template.id, values);
      setDraft(chat, text);
      close();
      focusComposerEnd();
    } catch (thrown) {
      setProblem(toProblem(thrown));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={t("templates.fillTitle", { title: templateTitle(template) })}
      {...(template.description && { text: template.description })}
      onClose={close}
      className="top-[8dvh] max-h-[84dvh] max-w-xl"
    >
      <form onSubmit={(event) => void insert(event)} className="mt-4 flex flex-col gap-4">
        {template.fields.map((field, index) => (
          <Variable key={field.name} field={field} name={`v${index}`} />
        ))}
        {problem && <ProblemPanel title={t("templates.notInserted")} problem={problem} />}
        <div className="flex justify-end gap-2">
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={busy}>
            {t("templates.insert")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Variable({ field, name }: { field: TemplateField; name: string }) {
  const label = field.name.replaceAll("_", " ");
  const common = { label, name, defaultValue: field.defaultValue, required: field.required };
  if (field.type === "PARAGRAPH") return <TextArea {...common} />;
  if (field.type === "CHOICE") {
    const first = field.defaultValue || field.choices[0];
    const choices = first
      ? [first, ...field.choices.filter((choice) => choice !== first)]
      : field.choices;
    return (
      <Select
        label={label}
        name={name}
        options={choices.map((choice) => ({ value: choice, label: choice }))}
      />
    );
  }
  if (field.type === "NUMBER") return <Field {...common} type="number" step="any" />;
  if (field.type === "DATE") return <Field {...common} type="date" />;
  return <Field {...common} />;
}
