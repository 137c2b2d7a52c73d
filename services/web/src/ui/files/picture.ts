import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** An address under which the page shows a picture as long as the component is there. */
export function useAddress(picture: Blob | undefined): string | undefined {
  const address = useSignal<string | undefined>(undefined);
  useEffect(() => {
    if (picture === undefined) return;
    const made = URL.createObjectURL(picture);
    address.value = made;
    return () => {
      address.value = undefined;
      URL.revokeObjectURL(made);
    };
  }, [picture]);
  return address.value;
}
