import { useModels } from "@/data/models";
import { ProblemPanel } from "@/ui/problem-panel";
import { Skeleton } from "@/ui/skeleton";
import { t } from "@/words";

/** What is offered at this moment. */
export function ProvidersSection() {
  const { data: models, error, refetch } = useModels();
  if (error && !models) {
    return (
      <ProblemPanel
        title={t("admin.sections.providers")}
        problem={error}
        onRetry={() => void refetch()}
        className="mt-5"
      />
    );
  }
  if (!models) return <Skeleton className="my-6 h-24" />;
  return (
    <ul className="mt-4 text-sm">
      {models.map((model) => (
        <li key={model.id} className="border-b border-line py-2.5">
          {model.displayName}
        </li>
      ))}
    </ul>
  );
}
