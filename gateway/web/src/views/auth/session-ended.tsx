import { useEffect, useState } from "react";
import { useLocation } from "wouter";
import type { User } from "@/api/types";
import { forgetDataButMe, refreshData, useMe } from "@/data/account";
import { signedOut } from "@/data/session";
import { forgetUser } from "@/generation/forget";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { t } from "@/words";
import { Credentials } from "./credentials";

/** A log-in over the page, which stays as it is. */
export default function SessionEnded({ onOpen }: { onOpen: () => void }) {
  const [, navigate] = useLocation();
  const { data } = useMe();
  const [me] = useState(data); // The user before this log-in: somebody else may log in.
  useEffect(onOpen, [onOpen]);

  const goOn = (user: User | undefined) => {
    if (user?.id === me?.id) {
      refreshData();
      return;
    }
    // It is somebody else: nothing of the former user may stay.
    forgetDataButMe();
    navigate("/");
  };
  const leave = () => {
    forgetUser();
    signedOut();
    navigate("/login");
  };
  return (
    <Dialog title={t("auth.ended")} text={t("auth.endedText")} className="max-w-[400px]">
      <div className="mt-5 flex flex-col gap-3">
        <Credentials mode="login" email={me?.email ?? ""} onDone={goOn} />
        <Button look="quiet" onClick={leave}>
          {t("auth.other")}
        </Button>
      </div>
    </Dialog>
  );
}
