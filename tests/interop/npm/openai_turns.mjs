import OpenAI from "openai";
import { base, model, report, told, turns } from "./common.mjs";

const client = new OpenAI({ apiKey: "any", baseURL: `${base}/v1`, maxRetries: 0 });
const tools = [turns.look, turns.hosted];
const looked = (response) => {
  const call = response.output.find((item) => item.type === "function_call");
  return [{ type: "function_call_output", call_id: call.call_id, output: turns.seen }];
};

// Waits, streams, and streams through the helper: one response each.
const first = await client.responses.create({ model, tools, input: turns.ask });
let second;
for await (const event of await client.responses.create({
  model,
  tools,
  input: looked(first),
  previous_response_id: first.id,
  stream: true,
}))
  if (event.type === "response.completed") second = event.response;
const stream = client.responses.stream({
  model,
  tools,
  input: turns.night,
  previous_response_id: second.id,
});
for await (const _ of stream);

report(told([first, second, await stream.finalResponse()]));
