import { type FormEvent, useState } from "react";
import { useAddProviderKey } from "@/data/provider-keys";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field } from "@/ui/field";
import { ProblemPanel } from "@/ui/problem-panel";
import { t } from "@/words";

export function AddKey({
  provider,
  limit: usual,
  onClose,
}: {
  provider: string;
  /** In requests a minute; it can be changed. */
  limit: number;
  onClose: () => void;
}) {
  const { mutate, isPending, error } = useAddProviderKey();
  const [secret, setSecret] = useState("");
  const [limit, setLimit] = useState(String(usual));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    mutate(
      { provider, secret: secret.trim(), requestsPerMinute: Number(limit) || 0 },
      { onSuccess: onClose },
    );
  };
  return (
    <Dialog
      title={t("admin.providers.addTo", { provider })}
      text={t("admin.providers.addText")}
      onClose={onClose}
    >
      <form onSubmit={submit} className="mt-5 flex flex-col gap-4">
        <Field
          label={t("admin.providers.secret")}
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          maxLength={2048}
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
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
        {error && <ProblemPanel title={t("admin.providers.notAdded")} problem={error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button look="primary" type="submit" disabled={isPending || !secret.trim()}>
            {t("admin.providers.add")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
