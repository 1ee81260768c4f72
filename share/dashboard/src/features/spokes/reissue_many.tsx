// New commands for several spokes: one after another; what could not be made is said, what was made is shown.
import { useMutation } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import type { IssuedToken, Spoke } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { MOST } from "@/parts/bulk";
import { Confirm } from "@/ui/confirm";
import { Notice } from "@/ui/notice";
import { useToast } from "@/ui/toast";

type Props = { spokes: Spoke[]; onClose: () => void; onIssued: (tokens: IssuedToken[]) => void };

export function ReissueMany({ spokes, onClose, onIssued }: Props) {
  const t = useTexts();
  const say = useToast();
  const wanted = spokes.slice(0, MOST);
  const reissue = useMutation({
    mutationFn: async () => {
      const issued: IssuedToken[] = [];
      for (const { tokenId } of wanted) {
        const answer = body(api.POST("/api/installation/token/{id}/reissue", { params: { path: { id: tokenId } } }));
        await answer.then(
          (made) => issued.push(made as IssuedToken),
          () => {},
        );
      }
      return issued;
    },
    onSuccess: (issued) => {
      if (issued.length < wanted.length) say(t.spokes.notReissued(wanted.length - issued.length), { bad: true });
      onIssued(issued);
    },
  });
  return (
    <Confirm
      title={t.spokes.reissueMany(wanted.length)}
      action={t.spoke.newKey}
      danger={false}
      busy={reissue.isPending}
      fault={reissue.error}
      onClose={onClose}
      onConfirm={() => reissue.mutate()}
    >
      <p>{t.spoke.newKeyBody}</p>
      {spokes.length > MOST && <Notice kind="warn">{t.spokes.firstOf(MOST)}</Notice>}
    </Confirm>
  );
}
