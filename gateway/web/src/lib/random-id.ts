/** A UUID of version 4. crypto.randomUUID exists in secure contexts only, and plain http on another host is not one. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [0, 8, 12, 16, 20].map((start, at, all) => hex.slice(start, all[at + 1] ?? 32)).join("-");
}
