import { CircleAlert, Plus } from "lucide-react";
import { useState } from "react";
import type { ProviderKey } from "@/api/types";
import { useProviderKeys } from "@/data/provider-keys";
import { Button } from "@/ui/button";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";
import { AddKey } from "./add-key";
import { KeyRow } from "./key-row";

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
      <Refused keys={data.keys} />
      {[...data.providers, ...new Set(left)].map((provider) => (
        <Provider
          key={provider}
          name={provider}
          keys={data.keys.filter((key) => key.provider === provider)}
          onAdd={data.canAdd && named.has(provider) ? () => setAdding(provider) : undefined}
        />
      ))}
      {adding && (
        <AddKey
          provider={adding}
          limit={data.defaultRequestsPerMinute}
          onClose={() => setAdding(undefined)}
        />
      )}
    </>
  );
}

/** Keys that are off until somebody looks after them. */
function Refused({ keys }: { keys: ProviderKey[] }) {
  const refused = keys.filter((key) => key.state === "REFUSED");
  if (refused.length === 0) return null;
  return (
    <div
      role="status"
      className="mt-4 flex gap-3 rounded-xl border border-danger/30 bg-danger-soft p-4 text-sm"
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <div>
        <p className="font-medium">
          {t("admin.providers.refused", {
            count: refused.length,
            providers: [...new Set(refused.map((key) => key.provider))].join(", "),
          })}
        </p>
        <p className="mt-0.5 text-soft">{t("admin.providers.refusedText")}</p>
      </div>
    </div>
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
            <KeyRow key={key.id} one={key} />
          ))}
        </ul>
      )}
    </section>
  );
}
