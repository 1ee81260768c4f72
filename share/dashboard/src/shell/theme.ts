// Light or dark: what the person chose, else what the system says.
const KEY = "wghub.theme";
const dark = window.matchMedia?.("(prefers-color-scheme: dark)");

export type Theme = "light" | "dark";

function chosen(): Theme | null {
  const value = localStorage.getItem(KEY);
  return value === "light" || value === "dark" ? value : null;
}
export function currentTheme(): Theme {
  return chosen() ?? (dark?.matches ? "dark" : "light");
}
export function applyTheme(): void {
  document.documentElement.dataset.theme = currentTheme();
  dark?.addEventListener("change", () => {
    document.documentElement.dataset.theme = currentTheme();
  });
}
export function toggleTheme(): Theme {
  const next = currentTheme() === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, next);
  document.documentElement.dataset.theme = next;
  return next;
}
