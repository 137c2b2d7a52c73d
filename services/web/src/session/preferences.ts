import { effect, signal, type Signal } from "@preact/signals";

/** A signal that keeps its value in the browser between visits, as JSON, where the browser lets it. */
export function remembered<T>(key: string, initial: T, isValid: (value: unknown) => value is T): Signal<T> {
  const name = `conclave.${key}`;
  const kept = signal(read(name, initial, isValid));
  let first = true;
  effect(() => {
    const value = JSON.stringify(kept.value);
    if (!first) write(name, value);
    first = false;
  });
  return kept;
}

function read<T>(name: string, initial: T, isValid: (value: unknown) => value is T): T {
  try {
    const text = localStorage.getItem(name);
    const value: unknown = text === null ? undefined : JSON.parse(text);
    return isValid(value) ? value : initial;
  } catch {
    return initial; // A browser that keeps nothing, or something else's text under this name.
  }
}

function write(name: string, value: string): void {
  try {
    localStorage.setItem(name, value);
  } catch {
    // A browser that keeps nothing: the choice lasts as long as the page.
  }
}

export const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
export const isString = (value: unknown): value is string => typeof value === "string";
