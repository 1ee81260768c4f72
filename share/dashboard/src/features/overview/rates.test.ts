import { describe, expect, it } from "vitest";
import { rateNow, ratesOf } from "./rates";

const at = (seconds: number) => new Date(seconds * 1000).toISOString();
const point = (end: number, receivedBytes: number, seconds = 120) => ({
  at: at(end),
  seconds,
  receivedBytes,
  sentBytes: 0,
});
const samples = [
  { at: 1200, received: 0, sent: 0 },
  { at: 1250, received: 500, sent: 0 },
  { at: 1260, received: 600, sent: 50 },
];

describe("traffic over time", () => {
  it("is what the hub kept, by each point's own length, then what the stream told", () => {
    const rates = ratesOf([point(1120, 1200), point(1255, 2700, 135)], samples, 0);
    expect(rates).toEqual([
      { at: 1120, received: 10, sent: 0 },
      { at: 1255, received: 20, sent: 0 },
      { at: 1260, received: 10, sent: 5 },
    ]);
  });
  it("begins where it is asked to", () => {
    expect(ratesOf([point(1120, 1200), point(1240, 1200)], [], 1200).map((rate) => rate.at)).toEqual([1240]);
  });
  it("is unknown when nothing was told lately", () => {
    expect(rateNow(samples, 1265)?.sent).toBe(5);
    expect(rateNow(samples, 1400)).toBeNull();
    expect(rateNow(samples.slice(0, 1), 1200)).toBeNull();
  });
});
