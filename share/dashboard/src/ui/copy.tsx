import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { useTexts } from "@/i18n/texts";
import { Button } from "./button";

async function write(text: string): Promise<void> {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  throw new Error("no clipboard");
}

export function CopyButton({ text, label, primary = false }: { text: string; label?: string; primary?: boolean }) {
  const t = useTexts();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2000);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <Button
      look={primary ? "primary" : "plain"}
      onClick={() =>
        write(text)
          .then(() => setCopied(true))
          .catch(() => setCopied(false))
      }
    >
      {copied ? <Check size={16} aria-hidden /> : <Copy size={16} aria-hidden />}
      <span aria-live="polite">{copied ? t.action.copied : (label ?? t.action.copy)}</span>
    </Button>
  );
}

/** A text to be copied and, where that fails, to be marked by hand. */
export function CopyBox({ text, label, primary }: { text: string; label: string; primary?: boolean }) {
  return (
    <div className="flex flex-col gap-2 rounded-lg border border-line bg-raised p-3">
      <pre
        dir="ltr"
        className="max-h-40 select-all overflow-auto whitespace-pre-wrap break-all font-mono text-sm"
        tabIndex={0}
        role="region"
        aria-label={label}
      >
        {text}
      </pre>
      <div className="flex justify-end">
        <CopyButton text={text} primary={primary} />
      </div>
    </div>
  );
}
