import { HTTPClient, OpenRouter } from "openrouter-sdk-0-1-27";
import * as errors from "openrouter-sdk-0-1-27/models/errors";
import { base, errorOf, fetchWithTool, model, prompt, report, sha256, tool } from "./common.mjs";

const options = { apiKey: "any", serverURL: `${base}/api/v1`, retryConfig: { strategy: "none" } };
const client = new OpenRouter({
  ...options,
  httpClient: new HTTPClient({ fetcher: fetchWithTool([tool]) }),
});
const events = [];
const partials = [];
let last;
for await (const event of await client.beta.responses.send({ model, input: prompt, stream: true })) {
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
  waited: picture(await client.beta.responses.send({ model, input: prompt })),
  notFound: await errorOf(
    () => new OpenRouter(options).beta.responses.send({ model: "nobody/nothing", input: prompt }),
    { NotFoundResponseError: errors.NotFoundResponseError },
  ),
});
