// A value outside React that components can watch. It may change many times a second: only its watchers render.
import { useSyncExternalStore } from "react";

export interface Watchable<T> {
  get(): T;
  /** Returns the function that ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export interface Store<T> extends Watchable<T> {
  set(next: T): void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      if (Object.is(next, value)) return;
      value = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** One store for each name, made at its first use. */
export function createStores<T>(initial: (name: string) => T) {
  const stores = new Map<string, Store<T>>();
  return {
    of(name: string): Store<T> {
      let store = stores.get(name);
      if (!store) {
        store = createStore(initial(name));
        stores.set(name, store);
      }
      return store;
    },
    all: () => stores.values(),
  };
}

export function useStore<T>(store: Watchable<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}
