// The frame around every page: navigation, who is signed in, the state of the connection, shortcuts.
import { useQueryClient } from "@tanstack/react-query";
import {
  Bell,
  BookOpen,
  Boxes,
  Keyboard,
  KeyRound,
  LayoutDashboard,
  LogOut,
  Menu,
  Network,
  ScrollText,
  Search,
  Settings,
  Ticket,
  UserCog,
  Users,
} from "lucide-react";
import { type ReactNode, Suspense, useEffect, useState } from "react";
import { NavLink, useLocation } from "react-router";
import { api } from "@/api/client";
import { useStream } from "@/api/events";
import type { Role } from "@/api/types";
import { useTexts } from "@/i18n/texts";
import { lazily } from "@/shell/lazily";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Preferences } from "./preferences";
import { useMay, useSelf } from "./session";
import { SHORTCUTS, useShortcuts } from "./shortcuts";

const Palette = lazily(async () => ({ default: (await import("./palette")).Palette }));

export const PAGES = [
  { to: "/", name: "overview", Icon: LayoutDashboard, role: "viewer" },
  { to: "/spokes", name: "spokes", Icon: Network, role: "viewer" },
  { to: "/tokens", name: "tokens", Icon: Ticket, role: "viewer" },
  { to: "/clusters", name: "clusters", Icon: Boxes, role: "viewer" },
  { to: "/alerts", name: "alerts", Icon: Bell, role: "viewer" },
  { to: "/audit", name: "audit", Icon: ScrollText, role: "admin" },
  { to: "/users", name: "users", Icon: Users, role: "admin" },
  { to: "/api-tokens", name: "apiTokens", Icon: KeyRound, role: "admin" },
  { to: "/hub", name: "hub", Icon: Settings, role: "viewer" },
  { to: "/account", name: "account", Icon: UserCog, role: "viewer" },
] as const satisfies { to: string; name: string; Icon: typeof Menu; role: Role }[];

const LINK =
  "flex items-center gap-2.5 rounded-lg px-3 py-2 text-sm text-muted hover:bg-raised aria-[current=page]:bg-raised aria-[current=page]:font-medium aria-[current=page]:text-ink";

function Navigation() {
  const t = useTexts();
  const admin = useMay("admin");
  return (
    <nav aria-label={t.nav.main} className="space-y-0.5">
      {PAGES.filter(({ role }) => admin || role !== "admin").map(({ to, name, Icon }) => (
        <NavLink key={to} to={to} end={to === "/"} className={LINK}>
          <Icon size={18} aria-hidden />
          {t.nav[name]}
        </NavLink>
      ))}
      <a href="/api/docs" className={LINK}>
        <BookOpen size={18} aria-hidden />
        {t.nav.docs}
      </a>
    </nav>
  );
}

function Connection() {
  const t = useTexts();
  const { connection } = useStream();
  return (
    <div role="status" aria-live="polite">
      {connection === "lost" && (
        <p className="bg-warn-soft px-4 py-2 text-center text-sm text-warn">{t.connection.lost}</p>
      )}
    </div>
  );
}

export function Frame({ children }: { children: ReactNode }) {
  const t = useTexts();
  const self = useSelf();
  const client = useQueryClient();
  const location = useLocation();
  const [menu, setMenu] = useState(false);
  const [open, setOpen] = useState<"palette" | "shortcuts" | null>(null);
  useShortcuts({ palette: () => setOpen("palette"), help: () => setOpen("shortcuts") });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes when the page changes
  useEffect(() => setMenu(false), [location.pathname]);
  const signOut = async () => {
    await api.POST("/api/auth/logout").catch(() => {});
    client.clear();
    await client.resetQueries({ queryKey: ["me"] });
  };
  return (
    <div className="min-h-dvh md:grid md:grid-cols-[14.5rem_minmax(0,1fr)]">
      <a
        href="#content"
        className="sr-only focus:not-sr-only focus:fixed focus:start-2 focus:top-2 focus:z-50 focus:rounded-lg focus:bg-panel focus:p-3"
      >
        {t.nav.skip}
      </a>
      <header className="flex flex-col gap-4 border-line bg-panel p-3 max-md:border-b md:sticky md:top-0 md:h-dvh md:overflow-y-auto md:border-e">
        <div className="flex items-center gap-2.5 px-1.5">
          <img src="/hub.svg" alt="" width={28} height={28} />
          <span className="grow font-semibold">{t.product}</span>
          <IconButton label={t.nav.menu} className="md:hidden" aria-expanded={menu} onClick={() => setMenu(!menu)}>
            <Menu size={20} aria-hidden />
          </IconButton>
        </div>
        <div className={`flex grow flex-col justify-between gap-4 ${menu ? "" : "max-md:hidden"}`}>
          <div className="space-y-3">
            <Button
              className="w-full justify-start! text-muted!"
              onClick={() => setOpen("palette")}
              aria-keyshortcuts="Control+K"
            >
              <Search size={16} aria-hidden />
              <span className="truncate">{t.nav.palette}</span>
            </Button>
            <Navigation />
          </div>
          <div className="space-y-2 border-line border-t pt-3">
            <p className="break-words px-1.5 text-sm">
              <span className="font-medium">{self.username}</span>{" "}
              <span className="text-muted">· {t.role[self.role]}</span>
            </p>
            <div className="flex flex-wrap items-center justify-between gap-1">
              <Preferences />
              <div className="flex">
                <IconButton label={t.nav.shortcuts} className="max-md:hidden" onClick={() => setOpen("shortcuts")}>
                  <Keyboard size={18} aria-hidden />
                </IconButton>
                <IconButton label={t.action.signOut} onClick={signOut}>
                  <LogOut size={18} aria-hidden />
                </IconButton>
              </div>
            </div>
          </div>
        </div>
      </header>
      <div className="min-w-0">
        <Connection />
        <main id="content" tabIndex={-1} className="mx-auto max-w-6xl p-4 outline-none md:p-7">
          {children}
        </main>
      </div>
      {open === "palette" && (
        <Suspense>
          <Palette onClose={() => setOpen(null)} />
        </Suspense>
      )}
      {open === "shortcuts" && (
        <Dialog title={t.shortcuts.title} onClose={() => setOpen(null)}>
          <dl className="grid grid-cols-[max-content_1fr] items-center gap-x-5 gap-y-2">
            {SHORTCUTS.map(({ keys, text }) => (
              <div key={keys} className="contents">
                <dt>
                  <kbd className="rounded-md border border-line bg-raised px-2 py-0.5 font-mono text-sm">{keys}</kbd>
                </dt>
                <dd>{text(t)}</dd>
              </div>
            ))}
          </dl>
        </Dialog>
      )}
    </div>
  );
}
