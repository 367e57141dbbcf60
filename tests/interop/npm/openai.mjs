import OpenAI from "openai";
import { base, errorOf, model, prompt, report, sha256, tool } from "./common.mjs";

const client = new OpenAI({ apiKey: "any", baseURL: `${base}/v1`, maxRetries: 0 });
const events = [];
const partials = [];
let last;
for await (const event of await client.responses.create({
  model,
  input: prompt,
  tools: [tool],
  stream: true,
})) {
  events.push(event.type);
  if (event.type === "response.image_generation_call.partial_image")
    partials.push(sha256(event.partial_image_b64));
  last = event;
}
const picture = (response) =>
  sha256(response.output.find((item) => item.type === "image_generation_call").result);

const helped = client.responses.stream({ model, input: prompt, tools: [tool] });
for await (const _ of helped);

report({
  events,
  partials,
  picture: picture(last.response),
  folded: picture(await helped.finalResponse()),
  stored: picture(await client.responses.retrieve(last.response.id)),
  waited: picture(await client.responses.create({ model, input: prompt, tools: [tool] })),
  badRequest: await errorOf(
    () => client.responses.create({ model, input: prompt, tools: [{ ...tool, partial_images: 4 }] }),
    { BadRequestError: OpenAI.BadRequestError },
  ),
  notFound: await errorOf(() => client.responses.retrieve("resp_missing"), {
    NotFoundError: OpenAI.NotFoundError,
  }),
});
