import { Link2Off, Printer } from "lucide-react";
import { type RefObject, useEffect, useRef } from "react";
import { Link, useLocation } from "wouter";
import { toProblem } from "@/api/problem";
import type { SharedChat } from "@/api/types";
import { session } from "@/data/session";
import { useContinueShared, useShared } from "@/data/shares";
import { isolated } from "@/lib/direction";
import { notify } from "@/lib/notify";
import { useStore } from "@/lib/store";
import { formatDate } from "@/lib/time";
import { DrawnWhole, FromStranger } from "@/markdown/around";
import { Button, buttonClass } from "@/ui/button";
import { Logo } from "@/ui/logo";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { Title } from "@/ui/title";
import { ThemeButton } from "@/views/page/theme-button";
import { VisitorHeader } from "@/views/page/visitor-header";
import { type Printing, usePrint } from "@/views/print/use-print";
import { Transcript } from "@/views/transcript/transcript";
import { problemText, t } from "@/words";

/** The page of a link. It works without a session, and shows a signed-in reader nothing of their own. */
export default function SharedPage({ token }: { token: string }) {
  const signedIn = useStore(session) === "in";
  return (
    <div className="flex h-full flex-col">
      <meta name="robots" content="noindex, nofollow" />
      <meta name="referrer" content="no-referrer" />
      {signedIn ? <ReaderHeader /> : <VisitorHeader />}
      <Content token={token} signedIn={signedIn} />
    </div>
  );
}

function ReaderHeader() {
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-3 sm:px-5">
      <Link href="/" className="mr-auto flex h-10 items-center gap-2 rounded-md font-bold">
        <Logo className="size-5 text-accent" />
        {t("app.name")}
      </Link>
      <ThemeButton />
      <Link href="/" className={buttonClass("quiet")}>
        {t("shared.home")}
      </Link>
    </header>
  );
}

function Content({ token, signedIn }: { token: string; signedIn: boolean }) {
  const shared = useShared(token, signedIn);
  const scroller = useRef<HTMLElement>(null);
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = shared;
  const first = data?.pages[0];
  const isReady = hasNextPage && !isFetchingNextPage && !error;
  const end = useNextPage(scroller, isReady, fetchNextPage);
  const print = usePrint(first !== undefined && !hasNextPage);
  useEffect(() => {
    if (print.isBusy && isReady) void fetchNextPage();
  }, [print.isBusy, isReady, fetchNextPage]);

  if (!first && error && toProblem(error).status === 404) return <Gone visitor={!signedIn} />;
  const messages = data?.pages.flatMap((page) => page.messages) ?? [];
  return (
    <main
      id="main"
      ref={scroller}
      data-pane
      tabIndex={0}
      className="min-h-0 flex-1 overflow-y-auto -outline-offset-2"
    >
      <div className="mx-auto w-full max-w-[760px] pt-6 pb-20">
        {first && <Head token={token} shared={first} signedIn={signedIn} print={print} />}
        {!first && <h1 className="sr-only">{t("shared.untitled")}</h1>}
        {!first && !error && <Waiting />}
        <section aria-label={t("chat.messages")}>
          <FromStranger value={true}>
            <DrawnWhole value={print.isBusy}>
              <Transcript messages={messages} modelName={sameName} />
            </DrawnWhole>
          </FromStranger>
        </section>
        {error && (
          <div className="p-4">
            <ProblemPanel
              title={t("shared.failed")}
              problem={error}
              onRetry={() => void (first ? fetchNextPage() : shared.refetch())}
            />
          </div>
        )}
        {hasNextPage && !error && (
          <div ref={end} className="no-print px-4 py-3">
            <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t(isFetchingNextPage ? "shared.loading" : "common.more")}
            </Button>
          </div>
        )}
        {first && !hasNextPage && (
          <p className="no-print px-4 pt-4 text-center text-xs text-muted">{t("common.end")}</p>
        )}
      </div>
    </main>
  );
}

/** A visitor may not ask for the catalogue. */
const sameName = (model: string) => model;

/** How far from the end of what is loaded the next page is asked for, in pixels. */
const NEAR_END_PX = 1_200;

/** The place below the last message. When it comes near the screen the next page is loaded. */
function useNextPage(
  scroller: RefObject<HTMLElement | null>,
  isWanted: boolean,
  load: () => unknown,
): RefObject<HTMLDivElement | null> {
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isWanted || !end.current) return;
    const observer = new IntersectionObserver(
      (entries) => entries.some((entry) => entry.isIntersecting) && load(),
      { root: scroller.current, rootMargin: `${NEAR_END_PX}px` },
    );
    observer.observe(end.current);
    return () => observer.disconnect();
  }, [scroller, isWanted, load]);
  return end;
}

function Head({
  token,
  shared,
  signedIn,
  print,
}: {
  token: string;
  shared: SharedChat;
  signedIn: boolean;
  print: Printing;
}) {
  const title = isolated(shared.title) || t("shared.untitled");
  const facts = [
    t("shared.facts", { date: formatDate(shared.createTime) }),
    shared.author ? t("shared.by", { name: isolated(shared.author) }) : "",
    shared.expireTime ? t("shared.until", { date: formatDate(shared.expireTime) }) : "",
  ].filter(Boolean);
  return (
    <div className="mx-4 mb-3 border-b border-line pb-5">
      <Title>{title}</Title>
      <h1 className="text-2xl font-semibold tracking-tight wrap-anywhere">{title}</h1>
      <p className="mt-2 text-sm text-soft wrap-anywhere">{facts.join(" · ")}</p>
      <p className="mt-1 text-sm text-muted">{t("shared.warning")}</p>
      <div className="no-print mt-4 flex flex-wrap items-center gap-2">
        {signedIn ? (
          <ContinueButton token={token} />
        ) : (
          <Link
            href={`/login?next=${encodeURIComponent(`/shared/${token}`)}`}
            className={buttonClass("primary")}
          >
            {t("shared.logIn")}
          </Link>
        )}
        <Button disabled={print.isBusy} onClick={print.begin}>
          <Printer aria-hidden className="size-4" />
          {t(print.isBusy ? "common.loading" : "print.action")}
        </Button>
      </div>
    </div>
  );
}

function ContinueButton({ token }: { token: string }) {
  const copy = useContinueShared();
  const [, navigate] = useLocation();
  return (
    <Button
      look="primary"
      disabled={copy.isPending}
      onClick={() =>
        copy.mutate(token, {
          onSuccess: (chat) => navigate(`/chat/${chat.id}`),
          onError: (thrown) =>
            notify({
              text: t("chats.notDone", { reason: problemText(toProblem(thrown)) }),
              isError: true,
            }),
        })
      }
    >
      {t("shared.continue")}
    </Button>
  );
}

function Waiting() {
  return (
    <div className="flex flex-col gap-3 px-4 pt-2">
      <Skeleton className="mb-6 h-9 w-3/5" />
      <Skeleton className="mb-4 h-10 w-2/5 self-end rounded-2xl" />
      <Skeleton className="w-full" />
      <Skeleton className="w-11/12" />
      <Skeleton className="w-3/5" />
    </div>
  );
}

/** The server does not tell why, so that nobody learns which links exist. */
function Gone({ visitor }: { visitor: boolean }) {
  return (
    <main
      id="main"
      tabIndex={-1}
      className="flex flex-1 flex-col items-center justify-center gap-5 p-6 pb-24 text-center"
    >
      <Title>{t("shared.goneTitle")}</Title>
      <Link2Off aria-hidden className="size-9 text-muted" />
      <div>
        <h1 className="text-2xl font-semibold tracking-tight">{t("shared.goneTitle")}</h1>
        <p className="mt-2 max-w-md text-soft">{t("shared.goneText")}</p>
        {visitor && <p className="mt-2 max-w-md text-soft">{t("shared.goneVisitor")}</p>}
      </div>
      <Link
        href={visitor ? `/login?next=${encodeURIComponent(location.pathname)}` : "/"}
        className={buttonClass("primary")}
      >
        {t(visitor ? "auth.logIn" : "shared.home")}
      </Link>
    </main>
  );
}
