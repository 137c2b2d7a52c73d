/** Whether lines begin at the right. */
export function isRightToLeft(): boolean {
  return document.documentElement.dir === "rtl";
}
