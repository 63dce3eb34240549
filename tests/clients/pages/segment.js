import { AnalyticsBrowser } from "@segment/analytics-next";
import { steps } from "./journey.js";

let analytics;

window.load = async ({ key, url, options }) => {
  [analytics] = await AnalyticsBrowser.load({ writeKey: key, cdnURL: url }, options);
};
window.uid = () => analytics.user().anonymousId();
window.step = (name, given) => steps[name](analytics, given);
window.reset = () => analytics.reset();
