import { HTTPClient, OpenRouter } from "openrouter-sdk-0-1-27";
import { base, fetchWithTool, model, report, told, turns } from "./common.mjs";

const client = new OpenRouter({
  apiKey: "any",
  serverURL: `${base}/api/v1`,
  retryConfig: { strategy: "none" },
  httpClient: new HTTPClient({ fetcher: fetchWithTool([turns.look, turns.hosted]) }),
});
const send = (more) => client.beta.responses.send({ model, ...more });

const input = [{ type: "message", role: "user", content: turns.ask }];
const first = await send({ input });
const call = first.output.find((item) => item.type === "function_call");
input.push(...first.output, {
  type: "function_call_output",
  id: "fco_1",
  callId: call.callId,
  output: turns.seen,
});
let second;
for await (const event of await send({ input, stream: true }))
  if (event.type === "response.completed") second = event.response;
input.push(...second.output, { type: "message", role: "user", content: turns.night });
report(told([first, second, await send({ input })]));
