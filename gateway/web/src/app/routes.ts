/** Every path of the page. The build writes them to routes.txt, and the gateway answers other paths with status 404. */
export const ROUTES = {
  home: "/",
  chat: "/chat/:chat",
  login: "/login",
  signup: "/signup",
  pricing: "/pricing",
  paid: "/pricing/success",
  notPaid: "/pricing/cancel",
  credits: "/credits",
  project: "/project/:project/:section?",
  templates: "/templates",
  settings: "/settings/:section?",
  admin: "/admin/:section?",
} as const;
