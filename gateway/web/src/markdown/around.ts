// Where a text is shown, for the parts of it that behave otherwise there.
import { createContext } from "react";

/** A stranger wrote the text: nothing of it is loaded by itself, not even pictures of this server. */
export const FromStranger = createContext(false);

/** The whole text is drawn at once, for paper. Otherwise parts far from the screen wait. */
export const DrawnWhole = createContext(false);
