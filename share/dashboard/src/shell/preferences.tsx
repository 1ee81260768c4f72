import { SunMoon } from "lucide-react";
import { LANGUAGES, type Language, useLanguage } from "@/i18n/texts";
import { IconButton } from "@/ui/button";
import { toggleTheme } from "./theme";

export function Preferences() {
  const { t, language, setLanguage } = useLanguage();
  return (
    <div className="flex items-center gap-1">
      <IconButton label={t.nav.theme} onClick={() => toggleTheme()}>
        <SunMoon size={18} aria-hidden />
      </IconButton>
      <label className="sr-only" htmlFor="language">
        {t.nav.language}
      </label>
      <select
        id="language"
        className="min-h-9 rounded-lg bg-transparent px-1 text-sm"
        value={language}
        onChange={(event) => setLanguage(event.target.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
