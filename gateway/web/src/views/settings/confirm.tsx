import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { t } from "@/words";

/** Asks before something that is hard to undo. */
export function Confirm({
  title,
  text,
  action,
  onYes,
  onClose,
}: {
  title: string;
  text: string;
  action: string;
  onYes: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog title={title} text={text} onClose={onClose}>
      <div className="mt-5 flex justify-end gap-2">
        <Button onClick={onClose}>{t("common.cancel")}</Button>
        <Button
          look="danger"
          onClick={() => {
            onYes();
            onClose();
          }}
        >
          {action}
        </Button>
      </div>
    </Dialog>
  );
}
