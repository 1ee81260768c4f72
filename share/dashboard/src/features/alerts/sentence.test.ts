import { describe, expect, it } from "vitest";
import type { Alert } from "@/api/types";
import { en } from "@/i18n/en";
import { pageOf, sentenceOf } from "./sentence";

const alert = (kind: Alert["kind"], reason: string, name = "till-7") =>
  ({ id: 1, at: "2026-01-01T00:00:00Z", kind, reason, subject: "s1", name, text: "never shown" }) as Alert;
const said = (each: Alert) => sentenceOf(each, en, "en").replace(/[\u2068\u2069]/g, "");

describe("what an alert says", () => {
  it("is the spoke, and for how long nothing was heard of it", () => {
    expect(said(alert("spoke-down", "66"))).toBe("till-7 is down: nothing was heard of it for 66 sec.");
    expect(said(alert("spoke-up", "11100"))).toBe("till-7 is back after 3 hr 5 min.");
  });
  it("is the code of an installation, and an alarm's sentence or its bare kind", () => {
    expect(said(alert("install-failed", "60 NO_HANDSHAKE"))).toBe("The installation of till-7 failed: 60 NO_HANDSHAKE");
    expect(said(alert("alarm", "mass-removal", ""))).toBe(en.alerts.alarms["mass-removal"]);
    expect(said(alert("alarm", "constructor"))).toBe("constructor: till-7");
  });
  it("counts a certificate's days", () => {
    expect(said(alert("certificate", "7", ""))).toBe("The certificate of s1 ends in 7 days.");
    expect(said(alert("certificate", "0", ""))).toBe("The certificate of s1 has ended.");
  });
  it("isolates names that are written the other way", () => {
    expect(sentenceOf(alert("spoke-down", "66", "\u0639\u0631"), en, "en")).toMatch(/^\u2068\u0639\u0631\u2069 is/);
  });
});

describe("where there is more", () => {
  it("is the spoke, the token, or the trail for those who may read it", () => {
    expect(pageOf(alert("spoke-up", "9"), "viewer")).toBe("/spokes/s1");
    expect(pageOf(alert("install-failed", "9"), "viewer")).toBe("/tokens/s1");
    expect([pageOf(alert("alarm", "x"), "admin"), pageOf(alert("alarm", "x"), "operator")]).toEqual(["/audit", null]);
    expect(pageOf(alert("certificate", "7"), "admin")).toBeNull();
  });
});
