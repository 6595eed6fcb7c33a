// A part of the page that throws while it is rendered is replaced by a message. The rest of the page goes on.
import { CircleAlert } from "lucide-react";
import { Component, type ErrorInfo, type ReactNode, useState } from "react";
import { t } from "@/words";
import { Button } from "./button";
import { useCopy } from "./clipboard";
import { cn } from "./cn";

type Part = "message" | "view" | "app";

interface Props {
  part: Part;
  /** The text of the part, so that people can read and copy it all the same. */
  text?: string;
  /** The part is tried again when this changes. */
  resetKey?: string;
  children: ReactNode;
}

interface State {
  error: Error | undefined;
  /** Names of the components around the fault. */
  stack: string;
}

const WHOLE: State = { error: undefined, stack: "" };

export class Boundary extends Component<Props, State> {
  override state = WHOLE;

  static getDerivedStateFromError(thrown: unknown): Partial<State> {
    return { error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  }

  override componentDidUpdate(before: Props): void {
    if (this.state.error && before.resetKey !== this.props.resetKey) this.again();
  }

  override componentDidCatch(_thrown: unknown, { componentStack }: ErrorInfo): void {
    this.setState({ stack: componentStack ?? "" });
  }

  again = () => this.setState(WHOLE);

  override render(): ReactNode {
    const { error, stack } = this.state;
    if (!error) return this.props.children;
    const { part, text = "" } = this.props;
    return <Broken part={part} text={text} report={report(error, stack)} onAgain={this.again} />;
  }
}

function Broken({
  part,
  text,
  report,
  onAgain,
}: {
  part: Part;
  text: string;
  report: string;
  onAgain: () => void;
}) {
  const [shown, setShown] = useState(false);
  const copyText = useCopy();
  const copyReport = useCopy();
  const reload = () => location.reload();
  return (
    <div className={cn(part !== "message" && "mx-auto w-full max-w-[760px] p-4 pt-12")}>
      <div
        role="alert"
        className="rounded-xl border border-danger/30 bg-danger-soft p-4 text-sm text-text"
      >
        <div className="flex gap-3">
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
          <div className="min-w-0 flex-1">
            <p className="font-medium">{t(`broken.${part}`)}</p>
            <p className="mt-0.5 text-soft">{t("broken.rest")}</p>
            <div className="mt-3 flex flex-wrap gap-2">
              {text && (
                <Button size="small" aria-expanded={shown} onClick={() => setShown(!shown)}>
                  {t(shown ? "broken.hideText" : "broken.showText")}
                </Button>
              )}
              {text && (
                <Button size="small" onClick={() => copyText.copy(text)}>
                  {t(copyText.copied ? "common.copied" : "broken.copyText")}
                </Button>
              )}
              {part !== "message" && (
                <Button size="small" onClick={part === "app" ? reload : onAgain}>
                  {t(part === "app" ? "broken.reload" : "common.retry")}
                </Button>
              )}
              <Button size="small" onClick={() => copyReport.copy(report)}>
                {t(copyReport.copied ? "broken.reported" : "broken.report")}
              </Button>
            </div>
          </div>
        </div>
      </div>
      {shown && (
        <div className="mt-3 max-h-[60vh] overflow-auto text-[15px] leading-6 whitespace-pre-wrap wrap-anywhere">
          {text}
        </div>
      )}
    </div>
  );
}

/** A report for the server's operator. It contains no text of a chat. */
function report(error: Error, components: string): string {
  const facts = [new Date().toISOString(), location.pathname, navigator.userAgent];
  return [`${error.name}: ${error.message}`, ...facts, error.stack ?? "", components].join("\n");
}
