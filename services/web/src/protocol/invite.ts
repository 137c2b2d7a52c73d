/** The token in a link's fragment ("/join#TOKEN"), which browsers send to no server; undefined when there is none. */
export function tokenFromFragment(fragment: string): string | undefined {
  const token = fragment.replace(/^#/, "");
  return token === "" ? undefined : token;
}
