// The keys that work everywhere in the page.
import { useEffect } from "react";
import { useLocation } from "wouter";
import { toggleSidebar } from "@/app/layout";
import { stop } from "@/generation/follow";
import { NEW_CHAT } from "@/generation/running";
import { closeWindow, openCommands, openShortcuts, openWindow } from "./state";

export function useKeyboard(chat: string | undefined): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing) return;
      const command = commandOf(event);
      if (!command) return;
      event.preventDefault();
      if (command === "commands") toggleCommands();
      if (command === "new") navigate("/");
      if (command === "sidebar") toggleSidebar();
      if (command === "shortcuts") openShortcuts();
      if (command === "compose") document.getElementById("message")?.focus();
      if (command === "stop") stop(chat ?? NEW_CHAT);
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [chat, navigate]);
}

function toggleCommands(): void {
  if (openWindow.get() === "commands") closeWindow();
  else openCommands();
}

function commandOf(event: KeyboardEvent) {
  const key = event.key.toLowerCase();
  const mod = event.ctrlKey || event.metaKey;
  if (mod && !event.altKey) {
    if (key === "k" && !event.shiftKey) return "commands";
    if (key === "o" && event.shiftKey) return "new";
    if (key === "s" && event.shiftKey) return "sidebar";
    return undefined;
  }
  // An open menu or window takes Escape first; what it did not take stops the answer.
  if (key === "escape")
    return document.querySelector("[role=dialog],[role=menu]") ? undefined : "stop";
  if (event.altKey || isTyping(event.target)) return undefined;
  if (event.key === "?") return "shortcuts";
  if (event.key === "/") return "compose";
  return undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, textarea, select");
}
