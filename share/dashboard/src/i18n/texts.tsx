// The language of the texts: what the person chose, else the browser's, else English. Each language is a file of its own, loaded when it
// is wanted; English is in the entry. Direction of writing goes with the language.
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { en, type Texts } from "./en";

const KEY = "wghub.language";
export const LANGUAGES = { en: "English", de: "Deutsch", ar: "العربية" } as const;
export type Language = keyof typeof LANGUAGES;
const loaders: Record<Language, () => Promise<Texts>> = {
  en: async () => en,
  de: async () => (await import("./de")).de,
  ar: async () => (await import("./ar")).ar,
};

function isLanguage(value: string | null | undefined): value is Language {
  return value != null && value in LANGUAGES;
}
function firstLanguage(): Language {
  const kept = localStorage.getItem(KEY);
  if (isLanguage(kept)) return kept;
  const wanted = navigator.language?.slice(0, 2);
  return isLanguage(wanted) ? wanted : "en";
}

type Value = { t: Texts; language: Language; setLanguage: (language: Language) => void };
const Context = createContext<Value>({ t: en, language: "en", setLanguage: () => {} });

export function TextsProvider({ children }: { children: ReactNode }) {
  const [wanted, setWanted] = useState(firstLanguage);
  const [shown, setShown] = useState<{ t: Texts; language: Language } | null>(null);
  useEffect(() => {
    let current = true;
    loaders[wanted]()
      .catch(() => en)
      .then((t) => current && setShown({ t, language: wanted }));
    return () => {
      current = false;
    };
  }, [wanted]);
  useEffect(() => {
    document.documentElement.lang = shown?.language ?? "en";
    document.documentElement.dir = shown?.t.direction ?? "ltr";
  }, [shown]);
  const value = useMemo(
    () =>
      shown && {
        ...shown,
        setLanguage: (language: Language) => {
          localStorage.setItem(KEY, language);
          setWanted(language);
        },
      },
    [shown],
  );
  return value ? <Context value={value}>{children}</Context> : null;
}

export function useTexts(): Texts {
  return useContext(Context).t;
}
export function useLanguage() {
  return useContext(Context);
}
