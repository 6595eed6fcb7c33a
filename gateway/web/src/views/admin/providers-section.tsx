import { Plus } from "lucide-react";
import { useState } from "react";
import type { ProviderKey } from "@/api/types";
import { useChangeProviderKey, useDeleteProviderKey, useProviderKeys } from "@/data/provider-keys";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { AddKey } from "./add-key";

/** The providers of chat.yaml, each with its keys. */
export function ProvidersSection() {
  const { data, error, refetch } = useProviderKeys();
  const [adding, setAdding] = useState<string>();
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("admin.sections.providers")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!data) return <Skeleton className="my-6 h-24" />;
  const named = new Set(data.providers);
  const left = data.keys.filter((key) => !named.has(key.provider)).map((key) => key.provider);
  return (
    <>
      <p className="mt-5 text-sm text-soft">
        {t(data.canAdd ? "admin.providers.keysText" : "admin.providers.noMasterKey")}
      </p>
      {[...data.providers, ...new Set(left)].map((provider) => (
        <Provider
          key={provider}
          name={provider}
          keys={data.keys.filter((key) => key.provider === provider)}
          onAdd={data.canAdd && named.has(provider) ? () => setAdding(provider) : undefined}
        />
      ))}
      {adding && <AddKey provider={adding} onClose={() => setAdding(undefined)} />}
    </>
  );
}

function Provider({
  name,
  keys,
  onAdd,
}: {
  name: string;
  keys: ProviderKey[];
  onAdd: (() => void) | undefined;
}) {
  return (
    <section className="mt-8">
      <div className="flex items-center justify-between gap-4">
        <h2 className="text-lg font-semibold tracking-tight">
          <bdi>{name}</bdi>
        </h2>
        {onAdd && (
          <Button
            size="small"
            onClick={onAdd}
            aria-label={t("admin.providers.addTo", { provider: name })}
          >
            <Plus aria-hidden className="size-4" />
            {t("admin.providers.add")}
          </Button>
        )}
      </div>
      {keys.length === 0 ? (
        <p className="mt-3 border-y border-line py-4 text-sm text-soft">
          {t("admin.providers.noKeys")}
        </p>
      ) : (
        <ul className="mt-3 divide-y divide-line border-y border-line text-sm">
          {keys.map((key) => (
            <Key key={key.id} one={key} />
          ))}
        </ul>
      )}
    </section>
  );
}

function Key({ one }: { one: ProviderKey }) {
  const change = useChangeProviderKey();
  const remove = useDeleteProviderKey();
  const [asking, setAsking] = useState(false);
  const on = one.enabled && one.state !== "REFUSED";
  const name = one.hint ? `…${one.hint}` : t("admin.providers.shortKey");
  const problem = change.error ?? remove.error;
  return (
    <li className="py-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2">
        <div className="min-w-0 flex-1 basis-52">
          <p className="font-mono">{name}</p>
          <p className="text-xs text-muted">{facts(one)}</p>
        </div>
        <p className={cn("basis-44", stateColour(one))}>{stateText(one)}</p>
        <div className="flex gap-2 sm:w-44 sm:justify-end">
          <Button
            size="small"
            disabled={change.isPending}
            aria-label={`${t(on ? "admin.providers.disable" : "admin.providers.enable")}: ${one.provider} ${name}`}
            onClick={() => change.mutate({ key: one, change: { enabled: !on } })}
          >
            {t(on ? "admin.providers.disable" : "admin.providers.enable")}
          </Button>
          {one.source === "TABLE" && (
            <Button
              size="small"
              look="danger"
              aria-label={`${t("common.delete")}: ${one.provider} ${name}`}
              onClick={() => setAsking(true)}
            >
              {t("common.delete")}
            </Button>
          )}
        </div>
      </div>
      {problem && (
        <ProblemPanel title={t("admin.providers.notChanged")} problem={problem} className="mt-3" />
      )}
      {asking && (
        <Dialog
          title={t("admin.providers.deleteTitle")}
          text={t("admin.providers.deleteText")}
          onClose={() => setAsking(false)}
        >
          <div className="mt-5 flex justify-end gap-2">
            <Button onClick={() => setAsking(false)}>{t("common.cancel")}</Button>
            <Button
              look="danger"
              onClick={() => {
                setAsking(false);
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
