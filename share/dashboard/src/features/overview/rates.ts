// What goes over all tunnels, in bytes a second: the hub's points of two minutes, then what the stream told since.
import type { LiveSample } from "@/api/queries";
import type { TrafficPoint } from "@/api/types";

/** at: epoch seconds. */
export type Rate = { at: number; received: number; sent: number };

const LIVE_SECONDS = 45; // a sample that comes later says nothing of now

function betweenSamples(samples: LiveSample[]): Rate[] {
  return samples.flatMap((sample, index) => {
    const before = samples[index - 1];
    if (!before) return [];
    const seconds = sample.at - before.at;
    return [
      {
        at: sample.at,
        received: (sample.received - before.received) / seconds,
        sent: (sample.sent - before.sent) / seconds,
      },
    ];
  });
}

/** Oldest first, none before `since`. */
export function ratesOf(points: TrafficPoint[], samples: LiveSample[], since: number): Rate[] {
  const kept = points.map(({ at, seconds, receivedBytes, sentBytes }) => ({
    at: Date.parse(at) / 1000,
    received: receivedBytes / seconds,
    sent: sentBytes / seconds,
  }));
  const end = kept.at(-1)?.at ?? 0;
  return [...kept, ...betweenSamples(samples).filter(({ at }) => at > end)].filter(({ at }) => at >= since);
}

/** The rate of the last ten seconds; null when nobody told one lately. */
export function rateNow(samples: LiveSample[], now: number): Rate | null {
  const last = betweenSamples(samples.slice(-2)).at(-1);
  return last && now - last.at < LIVE_SECONDS ? last : null;
}
