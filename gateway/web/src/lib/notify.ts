// Short notes at the edge of the page. The part that draws them is loaded with the first one.
import { createStore } from "./store";

interface Note {
  text: string;
  isError?: boolean;
  action?: { label: string; onClick: () => void };
}

/** Notes that wait for the part that draws them. */
export const notes = createStore<readonly Note[]>([]);

export function notify(note: Note): void {
  notes.set([...notes.get(), note]);
}
