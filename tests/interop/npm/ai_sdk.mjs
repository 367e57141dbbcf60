import { createOpenResponses } from "@ai-sdk/open-responses";
import { streamText } from "ai";
import { base, errorOf, fetchWithTool, model, prompt, report, sha256, tool } from "./common.mjs";

const url = `${base}/v1/responses`;
const provider = createOpenResponses({ name: "heliograph", url, fetch: fetchWithTool([tool]) });
const events = [];
const partials = [];
let picture = null;
let failure = null;
const result = streamText({
  model: provider(model),
  prompt,
  maxRetries: 0,
  includeRawChunks: true,
  onError: ({ error }) => (failure = String(error)),
});
for await (const part of result.fullStream) {
  if (part.type !== "raw") continue;
  const event = part.rawValue;
  events.push(event.type);
  if (event.type === "response.image_generation_call.partial_image")
    partials.push(sha256(event.partial_image_b64));
  if (event.type === "response.output_item.done" && event.item.type === "image_generation_call")
    picture = sha256(event.item.result);
}

report({
  events,
  partials,
  picture,
  failure,
  finish: await result.finishReason,
  usage: await result.usage,
  notFound: await errorOf(async () => {
    const wrong = provider("nobody/nothing");
    await wrong.doGenerate({ prompt: [{ role: "user", content: [{ type: "text", text: prompt }] }] });
  }),
});
