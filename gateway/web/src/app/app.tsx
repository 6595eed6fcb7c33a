import { Suspense } from "react";
import { matchRoute, Redirect, Route, Switch, useLocation, useRoute, useRouter } from "wouter";
import { session } from "@/data/session";
import { useStore } from "@/lib/store";
import { Boundary } from "@/ui/boundary";
import { lazyPage } from "@/ui/lazy-view";
import { ChatScreen } from "@/views/chat/chat-screen";
import { ROUTES } from "./routes";
import { Shell } from "./shell";

const AuthPage = lazyPage(() => import("@/views/auth/auth-page"));
const PricingPage = lazyPage(() => import("@/views/pricing/pricing-page"));
const ResultPage = lazyPage(() => import("@/views/payments/result-page"));
const CreditsPage = lazyPage(() => import("@/views/credits/credits-page"));
const SearchPage = lazyPage(() => import("@/views/search/search-page"));
const AdminPage = lazyPage(() => import("@/views/admin/admin-page"));
const ProjectPage = lazyPage(() => import("@/views/projects/project-page"));
const TemplatesPage = lazyPage(() => import("@/views/templates/templates-page"));
const Nowhere = lazyPage(() => import("@/views/page/nowhere"));
const SharedPage = lazyPage(() => import("@/views/shared/shared-page"));
const PrintPage = lazyPage(() => import("@/views/print/print-page"));
const SettingsPage = lazyPage(() => import("@/views/settings/settings-page"));

export function App() {
  const state = useStore(session);
  const [isShared, shared] = useRoute(ROUTES.shared);
  const [isPrint, print] = useRoute(ROUTES.print);
  return (
    <Suspense fallback={null}>
      {isShared ? (
        <Boundary part="view" resetKey={shared.token}>
          <SharedPage token={shared.token} />
        </Boundary>
      ) : isPrint && state !== "out" ? (
        <Boundary part="view" resetKey={print.chat}>
          <PrintPage chat={print.chat} />
        </Boundary>
      ) : state === "out" ? (
        <Visitor />
      ) : (
        <Member />
      )}
    </Suspense>
  );
}

function Visitor() {
  const [path] = useLocation();
  const known = useIsKnown(path);
  return (
    <Boundary part="view" resetKey={path}>
      <Switch>
        <Route path={ROUTES.signup}>
          <AuthPage mode="signup" />
        </Route>
        <Route path={ROUTES.login}>
          <AuthPage mode="login" />
        </Route>
        <Route path={ROUTES.pricing}>
          <PricingPage />
        </Route>
        <Route>
          {known ? (
            <Redirect
              to={path === "/" ? "/login" : `/login?next=${encodeURIComponent(path)}`}
              replace
            />
          ) : (
            <Nowhere />
          )}
        </Route>
      </Switch>
    </Boundary>
  );
}

function Member() {
  const [, params] = useRoute(ROUTES.chat);
  const [path] = useLocation();
  const chat = params?.chat;
  return (
    <Shell chat={chat}>
      <Boundary part="view" resetKey={path}>
        <Suspense fallback={null}>
          <Switch>
            <Route path={ROUTES.pricing}>
              <PricingPage />
            </Route>
            <Route path={ROUTES.paid}>
              <ResultPage result="success" />
            </Route>
            <Route path={ROUTES.notPaid}>
              <ResultPage result="cancel" />
            </Route>
            <Route path={ROUTES.search}>
              <SearchPage />
            </Route>
            <Route path={ROUTES.credits}>
              <CreditsPage />
            </Route>
            <Route path={ROUTES.project}>
              {({ project, section }) => (
                <ProjectPage key={project} id={project} section={section ?? "chats"} />
              )}
            </Route>
            <Route path={ROUTES.templates}>
              <TemplatesPage />
            </Route>
            <Route path={ROUTES.settings}>
              {({ section }) => <SettingsPage section={section ?? "general"} />}
            </Route>
            <Route path={ROUTES.admin}>{({ section }) => <AdminPage section={section} />}</Route>
            <Route path={ROUTES.login}>
              <AfterLogin />
            </Route>
            <Route path={ROUTES.signup}>
              <AfterLogin />
            </Route>
            <Route>{path === ROUTES.home || chat ? <ChatScreen chat={chat} /> : <Nowhere />}</Route>
          </Switch>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

/** Whether the page has this path for a signed-in user. */
function useIsKnown(path: string): boolean {
  const { parser } = useRouter();
  return Object.values(ROUTES).some((route) => matchRoute(parser, route, path)[0]);
}

/** Goes where the visitor wanted to go before the log-in, if it is a path of this page. */
function AfterLogin() {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  return <Redirect to={/^\/(?![/\\])/.test(next) ? next : "/"} replace />;
}
