// The keys that work everywhere in the page.
import { useEffect } from "react";
import { useLocation } from "wouter";
import { NEW_CHAT } from "@/generation/running";
import { stop } from "@/generation/send";
import { isComposing } from "@/lib/composing";
import { focusComposer } from "@/ui/focus";
import { closeWindow, openCommands, openShortcuts, openWindow } from "@/ui/open-window";
import { toggleSidebar } from "@/views/sidebar/layout";

export function useKeyboard(chat: string | undefined): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      noteTab(event);
      if (event.defaultPrevented || isComposing(event)) return;
      if (goesToComposer(event)) focusComposer();
      const command = commandOf(event, chat);
      if (!command) return;
      event.preventDefault();
      if (command === "commands") toggleCommands();
      if (command === "new") {
        navigate("/");
        focusComposer();
      }
      if (command === "print") navigate(`/chat/${chat}/print`);
      if (command === "sidebar") toggleSidebar();
      if (command === "shortcuts") openShortcuts();
      if (command === "compose") focusComposer();
      if (command === "stop") stop(chat ?? NEW_CHAT);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [chat, navigate]);
}

const OPEN = "[role=dialog],[role=menu]";

function toggleCommands(): void {
  if (openWindow.get() === "commands") closeWindow();
  else openCommands();
}

function commandOf(event: KeyboardEvent, chat: string | undefined) {
  const key = event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey;
  if (mod && !event.altKey) {
    if (key === "k" && !event.shiftKey) return "commands";
    if (key === "p" && !event.shiftKey) return chat ? "print" : undefined;
    if (key === "o" && event.shiftKey) return "new";
    if (key === "s" && event.shiftKey) return "sidebar";
    return undefined;
  }
  // Escape closes an open menu or window. Otherwise it stops the answer.
  if (key === "escape") return document.querySelector(OPEN) ? undefined : "stop";
  if (event.altKey || isTyping(event.target)) return undefined;
  if (event.key === "?") return "shortcuts";
  if (event.key === "/") return "compose";
  return undefined;
}

/** Whether the composer should have the key. It takes the focus, and the browser puts the letter there. */
function goesToComposer(event: KeyboardEvent): boolean {
  const { target, key } = event;
  const mod = event.ctrlKey || event.metaKey;
  const text = mod ? key === "v" : !event.altKey && key.length === 1 && !/[ ?/]/.test(key);
  return text && !isTyping(target) && !document.querySelector(OPEN);
}

/** Notes whether Tab was the last key, because a pane that scrolls shows its focus only then. */
function noteTab({ key }: KeyboardEvent): void {
  document.documentElement.toggleAttribute("data-tab", key === "Tab");
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.matches("input, textarea, select, [contenteditable]")
  );
}
