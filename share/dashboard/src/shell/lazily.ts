// Pages and parts that are loaded when they are wanted. A hub that is away for a moment is asked again before a page gives up.
import { type ComponentType, lazy } from "react";

const TRIES = 20;
const PAUSE_MS = 1500;

async function persist<T>(load: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await load();
    } catch (fault) {
      if (tried === TRIES) throw fault;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the component takes
export function lazily<C extends ComponentType<any>>(load: () => Promise<{ default: C }>) {
  return lazy(() => persist(load));
}
