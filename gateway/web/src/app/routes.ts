/** Every path that the page has. The build writes them to routes.txt, and the gateway answers any other one with status 404. */
export const ROUTES = {
  home: "/",
  chat: "/chat/:chat",
  login: "/login",
  signup: "/signup",
  pricing: "/pricing",
  paid: "/pricing/success",
  notPaid: "/pricing/cancel",
  credits: "/credits",
  settings: "/settings/:section?",
} as const;
