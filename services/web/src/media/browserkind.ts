/** Whose way of allowing devices a person has before them. */
export type BrowserKind = "chromium" | "firefox" | "safari" | "android" | "iphone";

/** userAgent, touchPoints: navigator.userAgent and navigator.maxTouchPoints; an iPad says that it is a Mac. */
export function browserKind(userAgent: string, touchPoints: number): BrowserKind {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return "iphone";
  if (/Android/.test(userAgent)) return "android";
  if (/Firefox\//.test(userAgent)) return "firefox";
  return /Safari\//.test(userAgent) && !/Chrom(e|ium)\//.test(userAgent) ? "safari" : "chromium";
}
