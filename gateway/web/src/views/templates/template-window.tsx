import { type FormEvent, useDeferredValue, useState } from "react";
import { toProblem } from "@/api/problem";
import type { TemplateField } from "@/api/types";
import { CATEGORIES, usePreview, useSaveTemplate } from "@/data/templates";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { TextArea } from "@/ui/text-area";
import { problemText, t } from "@/words";
import { type Edited, editedTemplate } from "./windows";

const SAMPLES = "{{name}}, {{tone: short | long = short}}, {{count: number = 3}}";

/** The editor of a template, with its variables as they are read. */
export default function TemplateWindow({ edited }: { edited: Edited }) {
  const [text, setText] = useState(edited.text);
  const { mutate, isPending, error } = useSaveTemplate();
  const close = () => editedTemplate.set(undefined);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const word = (name: string) => String(form.get(name) ?? "").trim();
    const terms = {
      title: word("title"),
      category: word("category"),
      description: word("description"),
      text,
      ...(edited.withheld ? {} : { public: form.has("public") }),
    };
    mutate({ id: edited.id, terms }, { onSuccess: close });
  };
  return (
    <Dialog
      title={t(edited.id ? "templates.editTitle" : "templates.newTitle")}
      onClose={close}
      className="top-[6dvh] max-h-[88dvh] max-w-2xl"
    >
      <form onSubmit={save} className="mt-4 grid gap-4 sm:grid-cols-2">
        <Field
          label={t("templates.name")}
          name="title"
          defaultValue={edited.title}
          maxLength={200}
          required
        />
        <Field
          label={t("templates.category")}
          name="category"
          defaultValue={edited.category}
          maxLength={100}
          list="template-categories"
        />
        <datalist id="template-categories">
          {CATEGORIES.map((category) => (
            <option key={category} value={category} />
          ))}
        </datalist>
        <Field
          label={t("templates.description")}
          name="description"
          defaultValue={edited.description}
          maxLength={1000}
          className="sm:col-span-2"
        />
        <TextArea
          label={t("templates.text")}
          hint={t("templates.textHint", { samples: SAMPLES, braces: "\\{{" })}
          rows={9}
          value={text}
          onChange={(event) => setText(event.target.value)}
          required
          className="sm:col-span-2"
        />
        <Preview text={text} />
        {edited.withheld ? (
          <p className="text-sm text-muted sm:col-span-2">{t("templates.withheld")}</p>
        ) : (
          <label className="flex min-h-9 items-center gap-2 text-sm sm:col-span-2">
            <input
              type="checkbox"
              name="public"
              defaultChecked={edited.public}
              className="size-4"
            />
            {t("templates.makePublic")}
          </label>
        )}
        {error && (
          <ProblemPanel title={t("templates.notSaved")} problem={error} className="sm:col-span-2" />
        )}
        <div className="flex justify-end gap-2 sm:col-span-2">
          <Button onClick={close}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={isPending}>
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The variables of the text and the text with their defaults, by the server's own reading. */
function Preview({ text }: { text: string }) {
  const { data, error } = usePreview(useDeferredValue(text));
  const failed = error && text.trim() !== "";
  return (
    <section aria-label={t("templates.preview")} className="text-sm sm:col-span-2">
      <h3 className="font-medium">{t("templates.variables")}</h3>
      <div aria-live="polite">
        {failed && <p className="mt-1 text-danger">{problemText(toProblem(error))}</p>}
        {!failed && data && data.fields.length === 0 && (
          <p className="mt-1 text-muted">{t("templates.noVariables")}</p>
        )}
        {!failed && data && data.fields.length > 0 && (
          <ul className="mt-1.5 flex flex-wrap gap-1.5">
            {data.fields.map((field) => (
              <li key={field.name} className="rounded-md bg-hover px-2 py-1 text-xs">
                <bdi className="font-medium">{field.name}</bdi>{" "}
                <span className="text-soft">{factsOf(field)}</span>
              </li>
            ))}
          </ul>
        )}
      </div>
      {!failed && data && data.text && (
        <>
          <h3 className="mt-3 font-medium">{t("templates.preview")}</h3>
          <p
            dir="auto"
            className="mt-1.5 max-h-40 overflow-y-auto rounded-md border border-line p-3 break-words whitespace-pre-wrap text-soft"
            tabIndex={0}
          >
            {data.text}
          </p>
        </>
      )}
    </section>
  );
}

function factsOf(field: TemplateField): string {
  const type = t(`templates.types.${field.type ?? "TEXT"}`);
  const choices = field.choices.join(" | ");
  const value = field.required ? t("templates.required") : field.defaultValue;
  return [choices || type, value].filter(Boolean).join(" · ");
}
