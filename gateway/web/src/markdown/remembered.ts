// Keeps results for the texts that were used last.

/** All texts together have at most this many characters. */
const KEPT_MAX_CHARS = 2_000_000;

export class Remembered<T> {
  private readonly known = new Map<string, T>();
  private chars = 0;

  get(text: string): T | undefined {
    const value = this.known.get(text);
    if (value !== undefined) {
      this.known.delete(text);
      this.known.set(text, value);
    }
    return value;
  }

  set(text: string, value: T): void {
    if (!this.known.delete(text)) this.chars += text.length;
    this.known.set(text, value);
    for (const oldest of this.known.keys()) {
      if (this.chars <= KEPT_MAX_CHARS || oldest === text) break;
      this.known.delete(oldest);
      this.chars -= oldest.length;
    }
  }
}
