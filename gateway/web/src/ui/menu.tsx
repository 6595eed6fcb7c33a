import { type ComponentProps, type ReactNode, Suspense, useRef, useState } from "react";
import { lazyView } from "./lazy-view";
import type { MenuPlace } from "./menu-box";

const loadBox = () => import("./menu-box");
const MenuBox = lazyView(loadBox, "window");

/** A button that opens a menu. The code of menus is loaded when the pointer comes near the first one. */
export function MenuButton({
  menu,
  place = {},
  children,
  ...rest
}: ComponentProps<"button"> & {
  /** The items: a lazy component, which is loaded when the menu opens. */
  menu: ReactNode;
  place?: MenuPlace;
}) {
  const button = useRef<HTMLButtonElement>(null);
  const [box, setBox] = useState<DOMRect>();
  const wasOpen = useRef(false);
  const open = () => setBox(button.current!.getBoundingClientRect());
  return (
    <>
      <button
        type="button"
        ref={button}
        aria-haspopup="menu"
        aria-expanded={box !== undefined}
        data-state={box ? "open" : "closed"}
        onPointerEnter={() => void loadBox().catch(() => undefined)}
        onPointerDown={() => {
          wasOpen.current = box !== undefined; // An open menu closes by this press.
        }}
        onKeyDown={(event) => {
          wasOpen.current = false;
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          open();
        }}
        onClick={() => !wasOpen.current && open()}
        {...rest}
      >
        {children}
      </button>
      {box && (
        <Suspense fallback={null}>
          <MenuBox
            anchor={box}
            place={place}
            onClose={(back) => {
              setBox(undefined);
              if (back) button.current?.focus();
            }}
          >
            {menu}
          </MenuBox>
        </Suspense>
      )}
    </>
  );
}
