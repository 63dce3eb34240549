import { AnalyticsBrowser } from "@segment/analytics-next";
import { steps } from "./journey.js";

let analytics;

window.load = async ({ key, url, options }) => {
  [analytics] = await AnalyticsBrowser.load({ writeKey: key, cdnURL: url }, options);
};
window.uid = () => analytics.user().anonymousId();
// A page that is about to be left waits until the SDK has taken the calls; else nobody waits.
window.step = (name, { leaving, ...given }) => {
  const taken = steps[name](analytics, given);
  return leaving ? taken.then(() => {}) : undefined;
};
window.reset = () => analytics.reset();
