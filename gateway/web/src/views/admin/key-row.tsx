import { type FormEvent, useState } from "react";
import type { ProviderKey } from "@/api/types";
import {
  useChangeProviderKey,
  useDeleteProviderKey,
  useTestProviderKey,
} from "@/data/provider-keys";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { t } from "@/words";

type Window = "limit" | "delete";

export function KeyRow({ one }: { one: ProviderKey }) {
  const change = useChangeProviderKey();
  const remove = useDeleteProviderKey();
  const test = useTestProviderKey();
  const [open, setOpen] = useState<Window>();
  const close = () => setOpen(undefined);
  const on = one.enabled && one.state !== "REFUSED";
  const name = one.hint ? `…${one.hint}` : t("admin.providers.shortKey");
  const labelled = (word: string) => ({ "aria-label": `${word}: ${one.provider} ${name}` });
  const problem = change.error ?? remove.error;
  return (
    <li className="py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-44">
          <p className="font-mono">{name}</p>
          <p className="text-xs text-muted">{facts(one)}</p>
        </div>
        <p className={cn("basis-40", stateColour(one))}>{stateText(one)}</p>
        <div className="flex flex-wrap gap-2 sm:w-[18.75rem] sm:justify-end">
          <Button
            size="small"
            disabled={test.isPending || one.state === "UNUSED"}
            onClick={() => test.mutate(one)}
            {...labelled(t("admin.providers.test"))}
          >
            {t(test.isPending ? "admin.providers.testing" : "admin.providers.test")}
          </Button>
          {one.source === "TABLE" && (
            <Button
              size="small"
              onClick={() => setOpen("limit")}
              {...labelled(t("admin.providers.setLimit"))}
            >
              {t("admin.providers.setLimit")}
            </Button>
          )}
          <Button
            size="small"
            disabled={change.isPending}
            onClick={() => change.mutate({ key: one, change: { enabled: !on } })}
            {...labelled(t(on ? "admin.providers.disable" : "admin.providers.enable"))}
          >
            {t(on ? "admin.providers.disable" : "admin.providers.enable")}
          </Button>
          {one.source === "TABLE" && (
            <Button
              size="small"
              look="danger"
              onClick={() => setOpen("delete")}
              {...labelled(t("common.delete"))}
            >
              {t("common.delete")}
            </Button>
          )}
        </div>
      </div>
      <Verdict test={test} />
      {problem && (
        <ProblemPanel title={t("admin.providers.notChanged")} problem={problem} className="mt-3" />
      )}
      {open === "limit" && <LimitWindow one={one} change={change} onClose={close} />}
      {open === "delete" && (
        <Dialog
          title={t("admin.providers.deleteTitle")}
          text={t("admin.providers.deleteText")}
          onClose={close}
        >
          <div className="mt-5 flex justify-end gap-2">
            <Button onClick={close}>{t("common.cancel")}</Button>
            <Button
              look="danger"
              onClick={() => {
                close();
                remove.mutate(one);
              }}
            >
              {t("common.delete")}
            </Button>
          </div>
        </Dialog>
      )}
    </li>
  );
}

/** The provider's answer to the test. */
function Verdict({ test }: { test: ReturnType<typeof useTestProviderKey> }) {
  if (test.error)
    return (
      <ProblemPanel title={t("admin.providers.notTested")} problem={test.error} className="mt-3" />
    );
  return (
    <p
      role="status"
      className={cn("text-sm", test.data && "mt-2", test.data?.ok ? "text-good" : "text-danger")}
    >
      {test.data &&
        (test.data.ok
          ? t("admin.providers.taken")
          : t("admin.providers.notTaken", { why: test.data.detail }))}
    </p>
  );
}

function LimitWindow({
  one,
  change,
  onClose,
}: {
  one: ProviderKey;
  change: ReturnType<typeof useChangeProviderKey>;
  onClose: () => void;
}) {
  const [limit, setLimit] = useState(String(one.requestsPerMinute));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate({ key: one, change: { requestsPerMinute: Number(limit) } });
    onClose();
  };
  return (
    <Dialog title={t("admin.providers.setLimit")} onClose={onClose}>
      <form onSubmit={submit} className="mt-5 flex flex-col gap-4">
        <Field
          label={t("admin.providers.perMinute")}
          hint={t("admin.providers.perMinuteHint")}
          type="number"
          min={0}
          max={100000}
          required
          value={limit}
          onChange={(event) => setLimit(event.target.value)}
        />
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit">
            {t("common.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** "Added here · 3 of 10 a minute" */
function facts(key: ProviderKey): string {
  const limit = key.requestsPerMinute;
  return [
    t(key.source === "FILE" ? "admin.providers.ofFile" : "admin.providers.ofTable"),
    limit > 0
      ? t("admin.providers.limit", { uses: key.recentUses, limit })
      : t("admin.providers.noLimit"),
  ].join(" · ");
}

function stateText(key: ProviderKey): string {
  if (!key.restEndTime || key.state !== "RESTING")
    return t(`admin.providers.state.${key.state ?? "STATE_UNSPECIFIED"}`);
  const time = new Date(key.restEndTime).toLocaleTimeString("en");
  return key.restModel
    ? t("admin.providers.restsFor", { time, model: key.restModel })
    : t("admin.providers.rests", { time });
}

function stateColour(key: ProviderKey): string {
  if (key.state === "REFUSED") return "text-danger";
  return key.state === "IN_USE" ? "text-good" : "text-soft";
}
