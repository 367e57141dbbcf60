// The AI SDK's loop in its three forms: generateText, streamText, ToolLoopAgent.
import { createOpenResponses } from "@ai-sdk/open-responses";
import { generateText, isStepCount, streamText, tool, ToolLoopAgent } from "ai";
import { z } from "zod";
import { base, model as id, report, sha256, turns } from "./common.mjs";
import { imageExtension, imageTool } from "./image_tool.mjs";

const house = createOpenResponses({
  name: "heliograph",
  url: `${base}/v1/responses`,
  experimental_extensions: [imageExtension],
});
const { size, partial_images } = turns.hosted;
const common = {
  model: house(id),
  maxRetries: 0,
  stopWhen: isStepCount(5),
  tools: {
    look: tool({
      description: turns.look.description,
      inputSchema: z.object({ window: z.string() }),
      execute: ({ window }) => (window === "north" ? turns.seen : "a wall"),
    }),
    image: imageTool({ size, partial_images }),
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
}[process.argv[4]];

const messages = [{ role: "user", content: turns.ask }];
const first = await how(messages);
messages.push(...first.response.messages, { role: "user", content: turns.night });
const second = await how(messages);
const results = [first, second];
report({
  words: results.flatMap((result) => result.steps.map((step) => step.text)),
  pictures: results.flatMap((result) => result.steps.flatMap((step) => step.files)).map((file) =>
    sha256(file.base64),
  ),
  usage: results.map(({ totalUsage: used }) => [used.inputTokens, used.outputTokens]),
});
