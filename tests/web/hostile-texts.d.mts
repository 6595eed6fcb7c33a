export const CONSTRUCTS: Record<string, (length: number) => string>;
export const REPORTED: Record<string, string>;
