/** Keeps values by name between visits. Each call is atomic, however many pages of this origin are open. */
export interface IdentityStore {
  get(name: string): Promise<unknown>;
  /** Keeps a value unless there is one under the name. Returns the one that is there afterwards. */
  keep(name: string, value: unknown): Promise<unknown>;
  replace(name: string, value: unknown): Promise<void>;
}

/** For a browser that keeps nothing: all of it lasts as long as the page. */
export class PageStore implements IdentityStore {
  readonly #values = new Map<string, unknown>();

  async get(name: string): Promise<unknown> {
    return this.#values.get(name);
  }

  async keep(name: string, value: unknown): Promise<unknown> {
    if (!this.#values.has(name)) this.#values.set(name, value);
    return this.#values.get(name);
  }

  async replace(name: string, value: unknown): Promise<void> {
    this.#values.set(name, value);
  }
}
