// The requests that the AI SDK makes of a Responses API, to be recorded by whoever listens at
// `base`: each call's label is its prompt.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenResponses } from "@ai-sdk/open-responses";
import { generateText, isStepCount, Output, streamText, tool } from "ai";
import { z } from "zod";
import { base, model as id, report, turns } from "./common.mjs";
import { imageExtension, imageTool } from "./image_tool.mjs";

const open = createOpenResponses({
  name: "heliograph",
  url: `${base}/v1/responses`,
  experimental_extensions: [imageExtension],
});
const openai = createOpenAI({ apiKey: "any", baseURL: `${base}/v1` });
const look = tool({
  description: turns.look.description,
  inputSchema: z.object({ window: z.string() }),
  execute: () => turns.seen,
});
const red =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const answer = Output.object({ schema: z.object({ answer: z.string() }) });
const kept = { openai: { store: true, metadata: { room: "1" }, user: "somebody" } };
const unkept = {
  openai: {
    store: false,
    include: ["reasoning.encrypted_content"],
    forceReasoning: true,
    reasoningEffort: "low",
    reasoningSummary: "auto",
    promptCacheKey: "a key",
    parallelToolCalls: false,
    textVerbosity: "low",
    safetyIdentifier: "somebody",
    serviceTier: "auto",
  },
};
const image = { type: "file", mediaType: "image/png", data: red };
const calls = {
  "ai-sdk open-responses loop": (prompt) => ({
    model: open(id),
    system: "Be brief.",
    prompt,
    reasoning: "low",
    maxOutputTokens: 500,
    temperature: 0.5,
    stopWhen: isStepCount(3),
    tools: { look, image: imageTool({ size: "256x256", partial_images: 1 }) },
    providerOptions: { heliograph: { reasoningSummary: "auto" } },
  }),
  "ai-sdk open-responses schema": (prompt) => ({ model: open(id), prompt, output: answer }),
  "ai-sdk open-responses picture": (prompt) => ({
    model: open(id),
    messages: [{ role: "user", content: [{ type: "text", text: prompt }, image] }],
    tools: { look },
    toolChoice: { type: "tool", toolName: "look" },
  }),
  "ai-sdk openai kept loop": (prompt) => ({
    model: openai.responses(id),
    system: "Be brief.",
    prompt,
    stopWhen: isStepCount(3),
    tools: { look, image_generation: openai.tools.imageGeneration({ size: "1024x1024" }) },
    providerOptions: kept,
  }),
  "ai-sdk openai unkept loop": (prompt) => ({
    model: openai.responses(id),
    system: "Be brief.",
    prompt,
    stopWhen: isStepCount(3),
    tools: {
      look,
      write_sql: openai.tools.customTool({
        description: "Runs a query.",
        format: { type: "grammar", syntax: "regex", definition: "SELECT .+" },
      }),
    },
    providerOptions: unkept,
  }),
  "ai-sdk openai schema": (prompt) => ({ model: openai.responses(id), prompt, output: answer }),
};

for (const [label, call] of Object.entries(calls)) {
  const asked = { ...call(label), maxRetries: 0 };
  if (label.endsWith("loop")) for await (const _ of streamText({ ...asked, onError() {} }).fullStream);
  else await generateText(asked).catch(() => null);
}
report({ labels: Object.keys(calls) });
