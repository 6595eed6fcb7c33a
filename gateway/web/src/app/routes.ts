/** Every path of the page. The build writes them to routes.txt, and the gateway answers other paths with status 404. */
export const ROUTES = {
  home: "/",
  chat: "/chat/:chat",
  print: "/chat/:chat/print",
  shared: "/shared/:token",
  login: "/login",
  signup: "/signup",
  search: "/search",
  pricing: "/pricing",
  paid: "/pricing/success",
  notPaid: "/pricing/cancel",
  credits: "/credits",
  project: "/project/:project/:section?",
  templates: "/templates",
  settings: "/settings/:section?",
  admin: "/admin/:section?",
} as const;

/** Paths that are secrets: no log, cache or search engine keeps them. */
export const PRIVATE: readonly string[] = [ROUTES.shared];
