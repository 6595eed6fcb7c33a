import { type ReactNode, useState } from "react";
import { useMe } from "@/data/account";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { useLogOut } from "@/views/auth/log-out";
import { t } from "@/words";
import { Block } from "./block";

export function AccountSection() {
  return (
    <>
      <Profile />
      <Sessions />
    </>
  );
}

function Profile() {
  const { data: me, error, refetch } = useMe();
  if (error && !me) {
    return (
      <ProblemPanel
        title={t("settings.account")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!me) return <Skeleton className="my-6 h-24" />;
  return (
    <dl className="grid gap-x-8 gap-y-4 border-b border-line py-6 text-sm sm:grid-cols-2">
      <Fact name={t("settings.name")}>
        <bdi>{me.displayName || "–"}</bdi>
      </Fact>
      <Fact name={t("settings.email")}>
        {me.email}{" "}
        <span className="text-xs text-muted">
          {t(me.emailVerified ? "settings.verified" : "settings.unverified")}
        </span>
      </Fact>
      <Fact name={t("settings.since")}>{formatDate(me.createTime)}</Fact>
      <Fact name={t("settings.id")}>
        <span className="font-mono text-xs break-all select-all">{me.id}</span>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="mt-0.5">{children}</dd>
    </div>
  );
}

function Sessions() {
  const [asking, setAsking] = useState(false);
  const logOut = useLogOut();
  return (
    <Block title={t("settings.sessions")} text={t("settings.sessionsText")}>
      <div className="flex gap-2">
        <Button onClick={() => void logOut(false)}>{t("nav.logOut")}</Button>
        <Button look="danger" onClick={() => setAsking(true)}>
          {t("settings.everywhere")}
        </Button>
      </div>
      {asking && (
        <Dialog
          title={t("settings.everywhereTitle")}
          text={t("settings.everywhereText")}
          onClose={() => setAsking(false)}
        >
          <div className="mt-5 flex justify-end gap-2">
            <Button onClick={() => setAsking(false)}>{t("common.cancel")}</Button>
            <Button look="danger" onClick={() => void logOut(true)}>
              {t("settings.everywhere")}
            </Button>
          </div>
        </Dialog>
      )}
    </Block>
  );
}
