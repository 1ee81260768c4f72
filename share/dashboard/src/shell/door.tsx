// The frame of pages for who is not in yet: set-up and sign-in.
import type { ReactNode } from "react";
import { useTexts } from "@/i18n/texts";
import { Preferences } from "./preferences";

export function Door({
  title,
  intro,
  wide = false,
  children,
}: {
  title: string;
  intro?: string;
  wide?: boolean;
  children: ReactNode;
}) {
  const t = useTexts();
  return (
    <div className="flex min-h-dvh flex-col items-center justify-center gap-5 px-4 py-8">
      <main
        className={`w-full space-y-5 rounded-2xl border border-line bg-panel p-6 ${wide ? "max-w-xl" : "max-w-md"}`}
      >
        <div className="flex items-center gap-3">
          <img src="/hub.svg" alt="" width={32} height={32} />
          <span className="font-semibold">{t.product}</span>
        </div>
        <div>
          <h1>{title}</h1>
          {intro && <p className="mt-1 text-muted">{intro}</p>}
        </div>
        {children}
      </main>
      <Preferences />
    </div>
  );
}
