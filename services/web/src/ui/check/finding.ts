/** What was found of one thing: that it works, works less well than it could, does not, or could not be tried. */
export interface Finding {
  readonly state: "works" | "limited" | "fails" | "untried";
  readonly text: string;
}

/** By the line's id. */
export type Findings = ReadonlyMap<string, Finding>;
