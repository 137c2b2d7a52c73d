/** The nine digits of a dial code as somebody may type it; undefined when they are not nine. */
export function readDialCode(typed: string): string | undefined {
  const digits = typed.replace(/[\s-]/g, "");
  return /^[0-9]{9}$/.test(digits) ? digits : undefined;
}

/** As people read it aloud: in groups of three. */
export function groupDialCode(dialCode: string): string {
  return dialCode.replace(/(\d{3})(?=\d)/g, "$1 ");
}
