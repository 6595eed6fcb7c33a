// Draws diagrams in a sandboxed frame, which has no origin, no network, and its own content security policy. The page
// shows the result as an image, in which no script runs. It ends a frame that takes too long.
/* global mermaid */

/** Names the parts of the picture. One picture is drawn at a time. */
let count = 0;

async function draw({ code, colours }) {
  mermaid.initialize({
    startOnLoad: false,
    securityLevel: "strict",
    suppressErrorRendering: true,
    htmlLabels: false,
    flowchart: { htmlLabels: false },
    class: { htmlLabels: false },
    theme: "base",
    themeVariables: colours,
    fontFamily: colours.fontFamily,
    maxTextSize: 20_000,
    maxEdges: 500,
  });
  const { svg } = await mermaid.render(`diagram-${++count}`, code);
  return sized(svg);
}

/** The SVG gets its size in pixels: as an image it cannot have 100 % of something. */
function sized(text) {
  const svg = new DOMParser().parseFromString(text, "text/html").querySelector("svg");
  const [, , width, height] = (svg.getAttribute("viewBox") ?? "0 0 600 400")
    .split(/[ ,]+/)
    .map(Number);
  svg.setAttribute("width", Math.ceil(width));
  svg.setAttribute("height", Math.ceil(height));
  svg.style.maxWidth = "";
  return {
    svg: new XMLSerializer().serializeToString(svg),
    width: Math.ceil(width),
    height: Math.ceil(height),
  };
}

addEventListener("message", async ({ source, data }) => {
  if (source !== parent) return;
  let answer;
  try {
    answer = await draw(data);
  } catch (error) {
    document.body.replaceChildren();
    answer = { error: String(error?.message ?? error).slice(0, 500) };
  }
  parent.postMessage(answer, "*");
});
parent.postMessage("ready", "*");
