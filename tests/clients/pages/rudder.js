import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";
import { steps } from "./journey.js";

const analytics = new RudderAnalytics();

window.load = ({ key, url, options }) =>
  new Promise((loaded) => {
    analytics.load(key, url, { configUrl: url, ...options });
    analytics.ready(loaded);
  });
window.uid = () => analytics.getAnonymousId();
window.step = (name, given) => steps[name](analytics, given);
window.reset = (options) => analytics.reset(options);
