// The AI SDK's loop in its three forms (generateText, streamText, ToolLoopAgent), with either of its
// providers that speak the Responses API.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenResponses } from "@ai-sdk/open-responses";
import { generateText, isStepCount, streamText, tool, ToolLoopAgent } from "ai";
import { z } from "zod";
import { base, model as id, report, sha256, turns } from "./common.mjs";
import { imageExtension, imageTool } from "./image_tool.mjs";

const [form, provider] = process.argv.slice(4);
const { size, partial_images } = turns.hosted;
const openai = createOpenAI({ apiKey: "any", baseURL: `${base}/v1` });
const house = createOpenResponses({
  name: "heliograph",
  url: `${base}/v1/responses`,
  experimental_extensions: [imageExtension],
});
const [model, image] = {
  "open-responses": [house(id), imageTool({ size, partial_images })],
  openai: [
    openai.responses(id),
    openai.tools.imageGeneration({ size: "1024x1024", partialImages: partial_images }),
  ],
}[provider];
const common = {
  model,
  maxRetries: 0,
  stopWhen: isStepCount(5),
  tools: {
    look: tool({
      description: turns.look.description,
      inputSchema: z.object({ window: z.string() }),
      execute: ({ window }) => (window === "north" ? turns.seen : "a wall"),
    }),
    image_generation: image,
  },
};
const how = {
  generateText: (messages) => generateText({ ...common, messages }),
  streamText: async (messages) => {
    const result = streamText({ ...common, messages });
    for await (const part of result.fullStream) if (part.type === "error") throw part.error;
    const [text, files, steps, totalUsage] = await Promise.all([
      result.text,
      result.files,
      result.steps,
      result.totalUsage,
    ]);
    return { text, files, steps, totalUsage, response: await result.response };
  },
  ToolLoopAgent: (messages) => new ToolLoopAgent(common).generate({ messages }),
}[form];

// A streamed step keeps the previews of a call as results, too; the last one is the picture.
const drawn = ({ files, toolResults }) => [
  ...files.map((file) => file.base64),
  ...new Map(toolResults.map(({ toolCallId, output }) => [toolCallId, output.result])).values(),
].filter(Boolean);

const messages = [{ role: "user", content: turns.ask }];
const first = await how(messages);
messages.push(...first.response.messages, { role: "user", content: turns.night });
const second = await how(messages);
const results = [first, second];
report({
  words: results.flatMap((result) => result.steps.map((step) => step.text)),
  pictures: results.flatMap((result) => result.steps).flatMap(drawn).map(sha256),
  usage: results.map(({ totalUsage: used }) => [used.inputTokens, used.outputTokens]),
});
