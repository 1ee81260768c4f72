import { expect, it } from "vitest";
import type { Spoke } from "@/api/types";
import { pick, type Wish } from "./filter";

const make = (name: string, address: string, status: Spoke["status"]) =>
  ({
    id: name,
    name,
    allowedIPs: [`${address}/32`],
    status,
    os: "linux",
    publicKey: `${name}KEY`,
    lastHandshake: null,
    registeredAt: "",
    proxmoxNodeName: null,
  }) as Spoke;
const SPOKES = [
  make("pc10", "10.0.0.9", "active"),
  make("pc9", "10.0.0.10", "inactive"),
  make("Ärger", "10.0.1.1", "pending"),
];
const wish: Wish = { text: "", status: "", os: "", sort: "name", descending: false };
const names = (change: Partial<Wish>) => pick(SPOKES, { ...wish, ...change }).map(({ name }) => name);

it("orders names as people do and addresses as numbers", () => {
  expect(names({})).toEqual(["Ärger", "pc9", "pc10"]);
  expect(names({ sort: "address" })).toEqual(["pc10", "pc9", "Ärger"]);
  expect(names({ sort: "address", descending: true })).toEqual(["Ärger", "pc9", "pc10"]);
});
it("searches names, addresses and keys, and filters by status", () => {
  expect(names({ text: "PC1" })).toEqual(["pc10"]);
  expect(names({ text: "10.0.1" })).toEqual(["Ärger"]);
  expect(names({ text: "pc9key" })).toEqual(["pc9"]);
  expect(names({ status: "inactive" })).toEqual(["pc9"]);
});
