// Removal of several spokes: one after another, so that a hub under load is not flooded; says what could not be removed.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Spoke } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { Confirm } from "@/ui/confirm";
import { useToast } from "@/ui/toast";

const LISTED = 8;

export function RemoveMany({ spokes, onClose }: { spokes: Spoke[]; onClose: () => void }) {
  const t = useTexts();
  const say = useToast();
  const client = useQueryClient();
  const removal = useMutation({
    mutationFn: async () => {
      let failed = 0;
      for (const { id } of spokes)
        await api.DELETE("/api/spoke/{id}", { params: { path: { id } } }).catch(() => (failed += 1));
      return failed;
    },
    onSuccess: (failed) => {
      void client.invalidateQueries({ queryKey: ["spokes"] });
      if (failed) say(t.spokes.notRemoved(failed), { bad: true });
      else say(t.spokes.removedMany(spokes.length));
      onClose();
    },
  });
  return (
    <Confirm
      title={t.spokes.removeMany(spokes.length)}
      action={t.action.remove}
      typed={{ label: t.spokes.typeNumber(spokes.length), value: String(spokes.length) }}
      busy={removal.isPending}
      fault={removal.error}
      onClose={onClose}
      onConfirm={() => removal.mutate()}
    >
      <p>{t.spoke.removeBody}</p>
      <ul className="list-disc ps-5 text-sm">
        {spokes.slice(0, LISTED).map((spoke) => (
          <li key={spoke.id} className="break-words">
            <bdi>{spoke.name}</bdi>
          </li>
        ))}
        {spokes.length > LISTED && <li>+ {spokes.length - LISTED}</li>}
      </ul>
    </Confirm>
  );
}
