import { OpenRouter } from "@openrouter/sdk";
import { base, model, report, told, turns } from "./common.mjs";

const client = new OpenRouter({
  apiKey: "any",
  serverURL: `${base}/api/v1`,
  retryConfig: { strategy: "none" },
});
const { type, size, partial_images: partialImages } = turns.hosted;
const tools = [turns.look, { type, size, partialImages }];
const send = (more) => client.beta.responses.send({ responsesRequest: { model, tools, ...more } });

// OpenRouter stores nothing: every item goes back in the input.
const input = [{ type: "message", role: "user", content: turns.ask }];
const first = await send({ input });
const call = first.output.find((item) => item.type === "function_call");
input.push(...first.output, {
  type: "function_call_output",
  callId: call.callId,
  output: turns.seen,
});
let second;
for await (const event of await send({ input, stream: true }))
  if (event.type === "response.completed") second = event.response;
input.push(...second.output, { type: "message", role: "user", content: turns.night });
report(told([first, second, await send({ input })]));
