// What a person does in a shop, by the calls that every browser SDK has.

export const steps = {
  // Resolves, where the SDK's calls give promises, once it has both calls in its queue.
  browse: (analytics) =>
    Promise.all([analytics.page("Home"), analytics.track("Product Viewed", { sku: "G-32" })]),
  signUp: (analytics, { cid, traits, group }) => {
    analytics.identify(cid, traits);
    analytics.track("Order Completed", { total: 32 });
    analytics.group(group, { seats: 4 });
  },
  logIn: (analytics, { cid }) => {
    analytics.page("Home");
    analytics.identify(cid, {});
    analytics.track("Product Viewed", { sku: "G-32" });
  },
  switch: (analytics, { cid }) => {
    analytics.identify(cid, {});
    analytics.track("Product Viewed", { sku: "G-32" });
  },
  rename: (analytics, { cid }) => {
    analytics.alias(cid);
  },
};
