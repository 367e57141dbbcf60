import { OpenRouter } from "@openrouter/sdk";
import * as errors from "@openrouter/sdk/models/errors";
import { base, errorOf, model, prompt, report, sha256, tool } from "./common.mjs";

const client = new OpenRouter({
  apiKey: "any",
  serverURL: `${base}/api/v1`,
  retryConfig: { strategy: "none" },
});
const hosted = { type: tool.type, size: tool.size, partialImages: tool.partial_images };
const ask = (extra) => client.beta.responses.send({ responsesRequest: { model, input: prompt, ...extra } });
const events = [];
const partials = [];
let last;
for await (const event of await ask({ tools: [hosted], stream: true })) {
  events.push(event.type);
  if (event.type === "response.image_generation_call.partial_image")
    partials.push(sha256(event.partialImageB64));
  last = event;
}
const picture = (response) =>
  sha256(response.output.find((item) => item.type === "image_generation_call").result);

report({
  events,
  partials,
  picture: picture(last.response),
  waited: picture(await ask({ tools: [hosted] })),
  badRequest: await errorOf(() => ask({ tools: [{ ...hosted, partialImages: 4 }] }), {
    BadRequestResponseError: errors.BadRequestResponseError,
  }),
  notFound: await errorOf(() => ask({ model: "nobody/nothing" }), {
    NotFoundResponseError: errors.NotFoundResponseError,
  }),
});
