/** A page that has not changed for so long has drawn all that it will, or it never ends. In milliseconds. */
const STILL_MS = 600;
const LONGEST_MS = 15_000;

/** Resolves when fonts are there and nothing in the document changes any more: formulas, colours and diagrams come late. */
export async function settled(signal: AbortSignal): Promise<void> {
  await document.fonts.ready;
  await new Promise<void>((resolve) => {
    let timer = setTimeout(done, STILL_MS);
    const latest = setTimeout(done, LONGEST_MS);
    const observer = new MutationObserver(() => {
      clearTimeout(timer);
      timer = setTimeout(done, STILL_MS);
    });
    function done() {
      observer.disconnect();
      clearTimeout(timer);
      clearTimeout(latest);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
    const main = document.getElementById("main") ?? document.body;
    observer.observe(main, { childList: true, subtree: true, characterData: true });
  });
}
