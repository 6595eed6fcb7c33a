// Loaded with the first ZIP, and the library with it.
export { zipOf } from "@/lib/zip";
