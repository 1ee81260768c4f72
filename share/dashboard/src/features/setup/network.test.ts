import { describe, expect, it } from "vitest";
import { en } from "@/i18n/en";
import { hostsOf, judgeDns, judgeEndpoint, judgeNetwork, judgePort, swallowed } from "./network";

describe("a network as it is typed", () => {
  it.each([
    ["10.86.0.0/24", 253],
    ["172.16.0.0/16", 65_533],
    ["192.168.7.0/30", 1],
  ])("%s has room for %i spokes", (text, hosts) => {
    expect(judgeNetwork(text, en).fault).toBeUndefined();
    expect(hostsOf(text)).toBe(hosts);
  });
  it.each([
    ["", en.wizard.badCidr],
    ["10.0.0.0", en.wizard.badCidr],
    ["10.0.0.256/24", en.wizard.badCidr],
    ["10.00.0.0/24", en.wizard.badCidr],
    ["10.0.0.0/8", en.wizard.badSize],
    ["10.0.0.0/31", en.wizard.badSize],
    ["10.0.1.5/24", en.wizard.hostBits("10.0.1.0/24")],
    ["8.8.8.0/24", en.wizard.notPrivate],
    ["172.32.0.0/16", en.wizard.notPrivate],
  ])("%s is refused in words", (text, fault) => {
    expect(judgeNetwork(text, en).fault).toBe(fault);
  });
  it("warns of what home routers use", () => {
    expect(judgeNetwork("192.168.1.0/24", en).warning).toBe(en.wizard.common);
  });
});

it("knows ports", () => {
  expect(["1", "65535"].map((text) => judgePort(text, en).fault)).toEqual([undefined, undefined]);
  expect(["0", "65536", "", "5e3"].map((text) => judgePort(text, en).fault)).toEqual(Array(4).fill(en.wizard.badPort));
});

it("tells what is odd about an endpoint", () => {
  expect(judgeEndpoint("hub.example.com:51820", "51820", en)).toEqual({});
  expect(judgeEndpoint("[2001:db8::1]:51820", "51820", en)).toEqual({});
  expect(judgeEndpoint("hub.example.com", "51820", en).fault).toBe(en.wizard.badEndpoint);
  expect(judgeEndpoint("192.168.0.7:51820", "51820", en).warning).toBe(en.wizard.endpointPrivate);
  expect(judgeEndpoint("127.0.0.1:51820", "51820", en).warning).toBe(en.wizard.endpointLocal);
  expect(judgeEndpoint("hub.example.com:443", "51820", en).warning).toBe(en.wizard.endpointPort);
});

it("takes up to four DNS servers", () => {
  expect(judgeDns("", en).fault).toBeUndefined();
  expect(judgeDns("9.9.9.9, 2620:fe::fe", en).fault).toBeUndefined();
  expect(judgeDns("dns.example.com", en).fault).toBe(en.wizard.badDns);
  expect(judgeDns("1.1.1.1 1.1.1.2 1.1.1.3 1.1.1.4 1.1.1.5", en).fault).toBe(en.wizard.badDns);
});

describe("a network that holds an address that spokes need", () => {
  it("is told by that address", () => {
    expect(swallowed("192.168.1.0/24", ["hub.example.com", "192.168.1.20"])).toBe("192.168.1.20");
    expect(swallowed("10.0.0.0/16", ["10.1.0.1", "203.0.113.7"])).toBeNull();
    expect(swallowed("10.0.", ["10.0.0.1"])).toBeNull();
  });
});
