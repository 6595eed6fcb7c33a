import { type FormEvent, useState } from "react";
import { toProblem } from "@/api/problem";
import { useRedeem } from "@/data/credits";
import { micro } from "@/lib/money";
import { Button } from "@/ui/button";
import { Field } from "@/ui/field";
import { creditsText, problemText, t } from "@/words";

/** A voucher's code becomes credits. */
export function Redeem() {
  const [code, setCode] = useState("");
  const { mutate, data, error, isPending, reset } = useRedeem();
  const redeem = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim() && !isPending) mutate(code, { onSuccess: () => setCode("") });
  };
  return (
    <section className="mt-8">
      <h2 className="text-lg font-semibold tracking-tight">{t("credits.redeem")}</h2>
      <form onSubmit={redeem} className="mt-3 flex items-start gap-2">
        <Field
          label={t("credits.redeemCode")}
          value={code}
          onChange={(event) => {
            setCode(event.target.value);
            reset();
          }}
          error={error ? problemText(toProblem(error)) : undefined}
          maxLength={100}
          autoComplete="off"
          spellCheck={false}
          className="min-w-0 flex-1 sm:max-w-sm"
        />
        <Button type="submit" size="large" disabled={isPending} className="mt-[26px]">
          {t("credits.redeemDo")}
        </Button>
      </form>
      <p role="status" className="mt-2 min-h-5 text-sm text-good">
        {data && t("credits.redeemed", { amount: creditsText(micro(data.amount)) })}
      </p>
    </section>
  );
}
