// Drives a Node client as its documentation says: one JSON argument, calls in it.
// Exits with 1 when the client gives calls up.

const order = JSON.parse(process.argv[2]);
const quiet = { errorHandler: () => {} }; // the callbacks tell; without it they throw as well

const MAKERS = {
  "@segment/analytics-node": ({ Analytics }) =>
    new Analytics({ writeKey: order.key, host: order.url, ...order.options }),
  "@rudderstack/rudder-sdk-node": ({ default: Analytics }) =>
    new Analytics(order.key, { dataPlaneUrl: order.url, ...quiet, ...order.options }),
  "analytics-node": ({ default: Analytics }) =>
    new Analytics(order.key, { host: order.url, ...quiet, ...order.options }),
};

const client = MAKERS[order.module](await import(order.module));
const failures = [];

function send({ type, ...fields }) {
  return new Promise((done) => {
    client[type](fields, (error) => {
      if (error) failures.push(String(error.reason ?? error));
      done();
    });
  });
}

await Promise.all(order.calls.map(send));
console.log(JSON.stringify(failures));
process.exitCode = failures.length ? 1 : 0;
await client.closeAndFlush?.();
