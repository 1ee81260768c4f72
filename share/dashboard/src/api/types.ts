// The API's shapes by the names that its document gives them. schema.ts is written from docs/openapi.yaml by the build.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type User = Schemas["User"];
export type Self = Schemas["Self"];
export type SignIn = Schemas["SignIn"];
export type Role = Schemas["Role"];
export type Session = Schemas["Session"];
export type ApiToken = Schemas["ApiToken"];
export type HubConfig = Schemas["HubConfig"];
export type Peer = Schemas["Peer"];
export type Token = Schemas["Token"];
export type TokenState = Schemas["TokenState"];
// Without what says nothing of a token that is a moment old.
type NewToken = Omit<Schemas["NewToken"], "usedAt" | "progress">;
export type IssuedToken = Omit<Schemas["IssuedToken"], "token"> & { token: NewToken };
export type Platform = Schemas["Platform"];
export type Stage = Schemas["Stage"];
export type Progress = Schemas["Progress"];
export type InstallReport = Schemas["InstallReport"];
export type Spoke = Schemas["Spoke"];
export type SpokeStatus = Schemas["SpokeStatus"];
export type SpokeWithMetadata = Schemas["SpokeWithMetadata"];
export type Cluster = Schemas["Cluster"];
export type ClusterNode = Schemas["ClusterNode"];
export type MissingNode = Schemas["MissingNode"];
export type Alert = Schemas["Alert"];
export type AlertKind = Schemas["AlertKind"];
export type AlertTarget = Schemas["AlertTarget"];
/** In the order in which they are offered. */
export const ALERT_KINDS: AlertKind[] = ["spoke-down", "spoke-up", "install-failed", "alarm", "certificate"];
export type AuditEvent = Schemas["AuditEvent"];
export type HubEventMessage = Schemas["Event"];
export type AlarmEvent = Schemas["AlarmEvent"];
export type LiveEvent = Schemas["LiveEvent"];
export type TrafficPoint = Schemas["TrafficPoint"];
export type ReconcileEvent = Schemas["ReconcileEvent"];
export type ErrorBody = Schemas["Error"];
