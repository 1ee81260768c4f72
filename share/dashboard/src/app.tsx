// From no session to the pages: set-up, sign-in, the hub's network, then the frame with everything else.
import { QueryClientProvider, useQuery, useQueryClient } from "@tanstack/react-query";
import { Component, type ReactNode, Suspense, useEffect, useState } from "react";
import { BrowserRouter, Navigate, Route, Routes } from "react-router";
import { lazily } from "@/shell/lazily";
import { ApiError, onSessionEnded, setCsrfToken } from "./api/client";
import { hubQuery, makeQueryClient, meQuery, setupQuery } from "./api/queries";
import { OverviewPage } from "./features/overview/overview_page";
import { SetupPage } from "./features/setup/setup_page";
import { SignInPage } from "./features/sign_in/sign_in_page";
import { SpokesPage } from "./features/spokes/spokes_page";
import { TextsProvider, useTexts } from "./i18n/texts";
import { Frame } from "./shell/frame";
import { SessionProvider, useMay } from "./shell/session";
import { Button, LinkButton } from "./ui/button";
import { Empty, Fault, Loading } from "./ui/notice";
import { Page } from "./ui/panel";
import { ToastProvider } from "./ui/toast";

const client = makeQueryClient();
const WizardPage = lazily(async () => ({ default: (await import("./features/setup/wizard_page")).WizardPage }));
const AddPage = lazily(async () => ({ default: (await import("./features/install/add_page")).AddPage }));
const SpokePage = lazily(async () => ({ default: (await import("./features/spokes/spoke_page")).SpokePage }));
const TokensPage = lazily(async () => ({ default: (await import("./features/tokens/tokens_page")).TokensPage }));
const TokenPage = lazily(async () => ({ default: (await import("./features/tokens/token_page")).TokenPage }));
const ClustersPage = lazily(async () => ({
  default: (await import("./features/clusters/clusters_page")).ClustersPage,
}));
const ClusterPage = lazily(async () => ({ default: (await import("./features/clusters/cluster_page")).ClusterPage }));
const AlertsPage = lazily(async () => ({ default: (await import("./features/alerts/alerts_page")).AlertsPage }));
const AuditPage = lazily(async () => ({ default: (await import("./features/audit/audit_page")).AuditPage }));
const UsersPage = lazily(async () => ({ default: (await import("./features/users/users_page")).UsersPage }));
const ApiTokensPage = lazily(async () => ({
  default: (await import("./features/api_tokens/api_tokens_page")).ApiTokensPage,
}));
const AccountPage = lazily(async () => ({ default: (await import("./features/account/account_page")).AccountPage }));
const HubPage = lazily(async () => ({ default: (await import("./features/hub/hub_page")).HubPage }));

export function App() {
  return (
    <QueryClientProvider client={client}>
      <TextsProvider>
        <ToastProvider>
          <Catch>
            <BrowserRouter>
              <Gate />
            </BrowserRouter>
          </Catch>
        </ToastProvider>
      </TextsProvider>
    </QueryClientProvider>
  );
}

function Gate() {
  const queries = useQueryClient();
  const [ended, setEnded] = useState(false);
  const me = useQuery(meQuery);
  const signedOut = me.error instanceof ApiError && (me.error.status === 401 || me.error.code === "SETUP_REQUIRED");
  const setup = useQuery({ ...setupQuery, enabled: signedOut });
  const signedIn = me.data && !signedOut ? me.data : null;
  setCsrfToken(signedIn?.csrfToken ?? null);
  useEffect(
    () =>
      onSessionEnded(() => {
        if (!queries.getQueryData(["me"])) return;
        setEnded(true);
        queries.clear();
        void queries.resetQueries({ queryKey: ["me"] });
      }),
    [queries],
  );
  if (signedIn) {
    return (
      <SessionProvider self={signedIn.user}>
        <Inside />
      </SessionProvider>
    );
  }
  if (signedOut && setup.data) return setup.data.required ? <SetupPage /> : <SignInPage ended={ended} />;
  const fault = signedOut ? setup.error : me.error;
  return (
    <div className="mx-auto max-w-md p-8">
      {fault ? <Fault fault={fault} retry={() => (signedOut ? setup.refetch() : me.refetch())} /> : <Loading />}
    </div>
  );
}

function Inside() {
  const hub = useQuery(hubQuery);
  const admin = useMay("admin");
  if (hub.data === undefined)
    return (
      <div className="mx-auto max-w-md p-8">
        {hub.error ? <Fault fault={hub.error} retry={() => hub.refetch()} /> : <Loading />}
      </div>
    );
  if (hub.data === null && admin) {
    return (
      <Suspense fallback={<Loading />}>
        <WizardPage />
      </Suspense>
    );
  }
  return (
    <Frame>
      <Suspense fallback={<Loading />}>
        <Routes>
          <Route path="/" element={<OverviewPage />} />
          <Route path="/spokes" element={<SpokesPage />} />
          <Route path="/spokes/:id" element={<SpokePage />} />
          <Route path="/add" element={<AddPage />} />
          <Route path="/tokens" element={<TokensPage />} />
          <Route path="/tokens/:id" element={<TokenPage />} />
          <Route path="/clusters" element={<ClustersPage />} />
          <Route path="/clusters/:id" element={<ClusterPage />} />
          <Route path="/alerts" element={<AlertsPage />} />
          <Route path="/account" element={<AccountPage />} />
          <Route path="/hub" element={<HubPage />} />
          {admin && <Route path="/audit" element={<AuditPage />} />}
          {admin && <Route path="/users" element={<UsersPage />} />}
          {admin && <Route path="/api-tokens" element={<ApiTokensPage />} />}
          <Route path="/sign-in" element={<Navigate to="/" replace />} />
          <Route path="*" element={<NoPage />} />
        </Routes>
      </Suspense>
    </Frame>
  );
}

function NoPage() {
  const t = useTexts();
  return (
    <Page title={t.error.page} intro={t.error.pageHint}>
      <LinkButton to="/">{t.nav.overview}</LinkButton>
    </Page>
  );
}

/** The last resort: a page that failed to be drawn says so. */
class Catch extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError() {
    return { failed: true };
  }
  override render() {
    return this.state.failed ? <Failed /> : this.props.children;
  }
}
function Failed() {
  const t = useTexts();
  return (
    <div className="mx-auto max-w-md p-8">
      <Empty title={t.error.crash} hint={t.error.crashHint}>
        <Button onClick={() => window.location.reload()}>{t.action.refresh}</Button>
      </Empty>
    </div>
  );
}
