import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Whether something has held for so long without a break, milliseconds. */
export function useLasting(holds: boolean, ms: number): boolean {
  const lasting = useSignal(false);
  useEffect(() => {
    lasting.value = false;
    if (!holds) return undefined;
    const timer = setTimeout(() => {
      lasting.value = true;
    }, ms);
    return () => clearTimeout(timer);
  }, [holds, ms]);
  return holds && lasting.value;
}
