import { FileUp } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { toProblem } from "@/api/problem";
import {
  type ExportFormat,
  type Import,
  isUnderWay,
  useCancelImport,
  useExport,
  useImports,
  useUpload,
} from "@/data/transfer";
import { formatDate } from "@/lib/time";
import { Button } from "@/ui/button";
import { cn } from "@/ui/cn";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { problemText, t } from "@/words";
import { Block } from "./block";
import { ImportItems } from "./import-items";

export function DataSection() {
  return (
    <>
      <ExportAll />
      <ImportFile />
      <Imports />
    </>
  );
}

function ExportAll() {
  const { mutate, isPending, error } = useExport();
  const save = (format: ExportFormat) => mutate({ name: t("transfer.fileName"), format });
  return (
    <Block title={t("transfer.export")} text={t("transfer.exportText")}>
      <div className="flex gap-2">
        <Button disabled={isPending} onClick={() => save("JSON")}>
          {t("transfer.json")}
        </Button>
        <Button disabled={isPending} onClick={() => save("MARKDOWN")}>
          {t("transfer.markdown")}
        </Button>
      </div>
      {error && <Failure text={problemText(toProblem(error))} />}
    </Block>
  );
}

function Failure({ text }: { text: string }) {
  return (
    <p role="alert" className="w-full text-sm text-danger">
      {text}
    </p>
  );
}

function ImportFile() {
  const input = useRef<HTMLInputElement>(null);
  const [part, setPart] = useState(0);
  const [over, setOver] = useState(false);
  const { mutate, isPending, error } = useUpload(setPart);
  const send = (file: File | null | undefined) => {
    if (!file || isPending) return;
    setPart(0);
    mutate(file);
  };
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    send(event.dataTransfer.files[0]);
  };
  return (
    <section
      className="border-b border-line py-5"
      aria-label={t("transfer.import")}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={onDrop}
    >
      <h2 className="text-[15px] font-medium">{t("transfer.import")}</h2>
      <p className="mt-0.5 text-sm text-soft">{t("transfer.importText")}</p>
      <div
        className={cn(
          "mt-4 flex flex-col items-center gap-3 rounded-[10px] border border-dashed px-4 py-8 text-sm text-soft",
          over ? "border-accent bg-hover" : "border-line-strong",
        )}
      >
        <FileUp aria-hidden className="size-6 text-muted" />
        {isPending ? (
          <Progress label={t("transfer.sending")} part={part} />
        ) : (
          <>
            <span>{t("transfer.drop")}</span>
            <Button onClick={() => input.current?.click()}>{t("transfer.choose")}</Button>
          </>
        )}
        <input
          ref={input}
          type="file"
          accept=".zip,.json,application/zip,application/json"
          aria-label={t("transfer.choose")}
          className="sr-only"
          tabIndex={-1}
          onChange={(event) => {
            send(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      {error && <Failure text={problemText(toProblem(error))} />}
    </section>
  );
}

function Progress({ label, part }: { label: string; part: number }) {
  const percent = Math.round(100 * part);
  return (
    <div className="w-full max-w-80">
      <div className="flex justify-between text-xs text-muted">
        <span>{label}</span>
        <span>{percent} %</span>
      </div>
      <progress
        aria-label={label}
        max={100}
        value={percent}
        className="mt-1 h-1.5 w-full accent-accent"
      />
    </div>
  );
}

function Imports() {
  const { data, error, refetch } = useImports();
  if (error && !data) {
    return (
      <ProblemPanel
        title={t("transfer.failed")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!data) return <Skeleton className="my-6 h-24" />;
  if (data.length === 0) return <p className="py-6 text-sm text-soft">{t("transfer.none")}</p>;
  return (
    <ul aria-label={t("transfer.list")}>
      {data.map((one) => (
        <Row key={one.id} one={one} />
      ))}
    </ul>
  );
}

function Row({ one }: { one: Import }) {
  const [open, setOpen] = useState(false);
  const { mutate: cancel } = useCancelImport();
  const runs = isUnderWay(one);
  return (
    <li className="border-b border-line py-4 text-sm last:border-0">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0" role="status">
          <p>
            {t(`transfer.state.${one.state ?? "QUEUED"}`)}{" "}
            <span className="text-xs text-muted">{formatDate(one.createTime)}</span>
          </p>
          <p className="mt-0.5 text-soft">
            {t("transfer.counts", {
              imported: one.imported,
              unchanged: one.unchanged,
              skipped: one.skippedCount,
            })}
          </p>
          {one.error && <p className="mt-0.5 text-danger">{errorText(one.error)}</p>}
        </div>
        {runs ? (
          <Button size="small" onClick={() => cancel(one.id)}>
            {t("common.cancel")}
          </Button>
        ) : (
          <Button size="small" aria-expanded={open} onClick={() => setOpen(!open)}>
            {t(open ? "transfer.hide" : "transfer.show")}
          </Button>
        )}
      </div>
      {runs && (
        <div className="mt-3">
          <Progress
            label={t(`transfer.state.${one.state ?? "QUEUED"}`)}
            part={Number(one.state === "UPLOADING" ? one.received : one.read) / Number(one.size)}
          />
        </div>
      )}
      {open && !runs && <ImportItems id={one.id} />}
    </li>
  );
}

const ERRORS = [
  "NOT_AN_EXPORT",
  "DAMAGED",
  "ENCRYPTED",
  "UNPACKS_TOO_LARGE",
  "TOO_MANY_FILES",
  "TOO_MANY_CHATS",
  "GIVEN_UP",
] as const;

function errorText(error: string): string {
  const known = ERRORS.find((one) => one === error);
  return known ? t(`transfer.error.${known}`) : error;
}
