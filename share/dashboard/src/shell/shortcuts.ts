// Keys that work on every page, but not while something is typed.
import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";
import type { Texts } from "@/i18n/en";

const GO: Record<string, string> = {
  o: "/",
  s: "/spokes",
  t: "/tokens",
  c: "/clusters",
  l: "/alerts",
  h: "/hub",
  a: "/audit",
};
const GO_MS = 1500;

export const SHORTCUTS: { keys: string; text: (t: Texts) => string }[] = [
  { keys: "Ctrl K", text: (t) => t.shortcuts.palette },
  { keys: "/", text: (t) => t.shortcuts.search },
  { keys: "n", text: (t) => t.shortcuts.add },
  { keys: "?", text: (t) => t.shortcuts.help },
  { keys: "g o", text: (t) => `${t.shortcuts.go}: ${t.nav.overview}` },
  { keys: "g s", text: (t) => `${t.shortcuts.go}: ${t.nav.spokes}` },
  { keys: "g t", text: (t) => `${t.shortcuts.go}: ${t.nav.tokens}` },
  { keys: "g c", text: (t) => `${t.shortcuts.go}: ${t.nav.clusters}` },
  { keys: "g l", text: (t) => `${t.shortcuts.go}: ${t.nav.alerts}` },
  { keys: "g a", text: (t) => `${t.shortcuts.go}: ${t.nav.audit}` },
  { keys: "g h", text: (t) => `${t.shortcuts.go}: ${t.nav.hub}` },
];

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName))
  );
}

export function useShortcuts(open: { palette: () => void; help: () => void }): void {
  const navigate = useNavigate();
  const latest = useRef(open);
  latest.current = open;
  useEffect(() => {
    let goUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
        event.preventDefault();
        latest.current.palette();
        return;
      }
      if (
        event.ctrlKey ||
        event.metaKey ||
        event.altKey ||
        isTyping(event.target) ||
        document.querySelector("dialog[open]")
      )
        return;
      const going = Date.now() < goUntil;
      goUntil = 0;
      if (going && GO[event.key]) void navigate(GO[event.key] as string);
      else if (event.key === "g") goUntil = Date.now() + GO_MS;
      else if (event.key === "n") void navigate("/add");
      else if (event.key === "?") latest.current.help();
      else if (event.key === "/") {
        event.preventDefault();
        const search = document.querySelector<HTMLElement>("[data-search]");
        if (search) search.focus();
        else void navigate("/spokes?search");
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate]);
}
