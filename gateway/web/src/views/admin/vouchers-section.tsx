import { Download } from "lucide-react";
import type { FormEvent } from "react";
import {
  type NewVouchers,
  useMakeVouchers,
  useRevokeVouchers,
  useVoucherBatches,
} from "@/data/vouchers";
import { micro } from "@/lib/money";
import { formatDateTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { ListEnd } from "@/ui/list-end";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { creditsText, t } from "@/words";
import { saveColumn } from "./csv";

/** Batches of codes that become credits. */
export function VouchersSection() {
  const make = useMakeVouchers();
  return (
    <>
      <Make busy={make.isPending} onMake={(wanted) => make.mutate(wanted)} />
      {make.error && (
        <ProblemPanel title={t("admin.vouchers.make")} problem={make.error} className="mt-4" />
      )}
      {make.data && <Codes codes={make.data.codes} />}
      <Batches />
    </>
  );
}

function Make({ busy, onMake }: { busy: boolean; onMake: (wanted: NewVouchers) => void }) {
  const make = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const day = text("expire");
    onMake({
      amount: String(Math.round(Number(text("amount")) * 1_000_000)),
      codes: Number(text("codes")),
      prefix: text("prefix").toUpperCase(),
      note: text("note"),
      expireTime: day ? new Date(`${day}T23:59:59`).toISOString() : "",
    });
  };
  return (
    <form onSubmit={make} className="mt-5 grid gap-4 sm:grid-cols-2">
      <Field
        label={t("admin.vouchers.amount")}
        name="amount"
        type="number"
        min="0.01"
        max="1000000"
        step="0.01"
        required
      />
      <Field
        label={t("admin.vouchers.codes")}
        name="codes"
        type="number"
        min="1"
        max="10000"
        defaultValue="1"
        required
      />
      <Field
        label={t("admin.vouchers.prefix")}
        hint={t("admin.vouchers.prefixHint")}
        name="prefix"
        pattern="[A-Za-z0-9]*"
        maxLength={12}
      />
      <Field
        label={t("admin.vouchers.expire")}
        hint={t("admin.vouchers.expireHint")}
        name="expire"
        type="date"
      />
      <Field
        label={t("admin.vouchers.note")}
        hint={t("admin.vouchers.noteHint")}
        name="note"
        maxLength={100}
        className="sm:col-span-2"
      />
      <Button type="submit" look="primary" disabled={busy} className="justify-self-start">
        {t(busy ? "admin.vouchers.making" : "admin.vouchers.make")}
      </Button>
    </form>
  );
}

/** They exist nowhere else, so the page offers a file at once. */
function Codes({ codes }: { codes: string[] }) {
  const [first] = codes;
  return (
    <section className="mt-6 rounded-2xl border border-line bg-raised p-5">
      <h2 className="font-semibold">{t("admin.vouchers.once")}</h2>
      <p className="mt-1 text-sm text-soft">{t("admin.vouchers.onceText")}</p>
      <pre
        tabIndex={0}
        className="mt-3 max-h-48 overflow-auto rounded-md bg-side p-3 text-sm select-all"
      >
        {codes.join("\n")}
      </pre>
      <Button
        className="mt-3"
        onClick={() => saveColumn(`vouchers-${first?.slice(-5) ?? ""}.csv`, "code", codes)}
      >
        <Download aria-hidden className="size-4" />
        {t("admin.vouchers.download")}
      </Button>
    </section>
  );
}

function Batches() {
  const { data, error, isPending, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } =
    useVoucherBatches();
  const revoke = useRevokeVouchers();
  const batches = data?.pages.flatMap((page) => page.batches) ?? [];
  const problem = revoke.error ?? (data ? null : error);
  return (
    <section className="mt-10">
      <h2 className="text-lg font-semibold tracking-tight">{t("admin.vouchers.batches")}</h2>
      {isPending && <Skeleton className="mt-4 h-24" />}
      {problem && (
        <ProblemPanel
          title={t("admin.vouchers.batches")}
          problem={problem}
          onRetry={() => void refetch()}
          className="mt-4"
        />
      )}
      {data && batches.length === 0 && (
        <p className="mt-4 text-sm text-soft">{t("admin.vouchers.none")}</p>
      )}
      <ul className="mt-3 text-sm">
        {batches.map((batch) => (
          <li
            key={batch.id}
            className="flex items-center justify-between gap-3 border-b border-line py-2.5"
          >
            <div className="min-w-0">
              <p className="truncate font-medium">
                {creditsText(micro(batch.amount))}
                {batch.prefix && ` · ${batch.prefix}`}
                {batch.note && ` · ${batch.note}`}
              </p>
              <p className="text-muted">
                {[
                  formatDateTime(batch.createTime),
                  t("admin.vouchers.of", {
                    redeemed: batch.redeemed,
                    codes: batch.codes,
                  }),
                  batch.expireTime &&
                    t("admin.vouchers.expires", { when: formatDateTime(batch.expireTime) }),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
            </div>
            {batch.revokeTime ? (
              <span className="text-muted">{t("admin.vouchers.revoked")}</span>
            ) : (
              <Button
                look="danger"
                size="small"
                disabled={revoke.isPending}
                onClick={() => revoke.mutate(batch.id)}
              >
                {t("admin.vouchers.revoke")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {(batches.length > 0 || hasNextPage) && (
        <ListEnd
          hasMore={hasNextPage}
          busy={isFetchingNextPage}
          onMore={() => void fetchNextPage()}
        />
      )}
    </section>
  );
}
