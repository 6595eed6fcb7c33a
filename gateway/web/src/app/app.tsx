import { lazy, Suspense } from "react";
import { Redirect, Route, Switch, useLocation, useRoute } from "wouter";
import { ChatScreen } from "@/chat/chat-screen";
import { useStore } from "@/lib/store";
import { session } from "@/session/session";
import { Boundary } from "@/ui/boundary";
import { Shell } from "./shell";

const AuthPage = lazy(() => import("@/auth/auth-page"));
const PricingPage = lazy(() => import("@/pricing/pricing-page"));
const ResultPage = lazy(() => import("@/payments/result-page"));
const CreditsPage = lazy(() => import("@/credits/credits-page"));
const SettingsPage = lazy(() => import("@/settings/settings-page"));

export function App() {
  const state = useStore(session);
  return <Suspense fallback={null}>{state === "out" ? <Visitor /> : <Member />}</Suspense>;
}

function Visitor() {
  const [path] = useLocation();
  return (
    <Boundary part="view" resetKey={path}>
      <Switch>
        <Route path="/signup">
          <AuthPage mode="signup" />
        </Route>
        <Route path="/login">
          <AuthPage mode="login" />
        </Route>
        <Route path="/pricing">
          <PricingPage />
        </Route>
        <Route>
          <Redirect
            to={path === "/" ? "/login" : `/login?next=${encodeURIComponent(path)}`}
            replace
          />
        </Route>
      </Switch>
    </Boundary>
  );
}

function Member() {
  const [, params] = useRoute("/chat/:chat");
  const [path] = useLocation();
  const chat = params?.chat;
  return (
    <Shell chat={chat}>
      <Boundary part="view" resetKey={path}>
        <Suspense fallback={null}>
          <Switch>
            <Route path="/pricing">
              <PricingPage />
            </Route>
            <Route path="/pricing/success">
              <ResultPage result="success" />
            </Route>
            <Route path="/pricing/cancel">
              <ResultPage result="cancel" />
            </Route>
            <Route path="/credits">
              <CreditsPage />
            </Route>
            <Route path="/settings/:section?">
              {({ section }) => <SettingsPage section={section ?? "general"} />}
            </Route>
            <Route path="/login">
              <AfterLogin />
            </Route>
            <Route path="/signup">
              <AfterLogin />
            </Route>
            <Route>
              <ChatScreen chat={chat} />
            </Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

/** Where the visitor wanted to go; only ever a path of our own. */
function AfterLogin() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  return <Redirect to={/^\/(?![/\\])/.test(next) ? next : "/"} replace />;
}
