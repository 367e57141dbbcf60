// The hosted image tool for the AI SDK, as an extension of its Open Responses provider. Pictures
// come as files; the SDK keeps each item and sends it back in later turns.
import { tool } from "ai";
import { z } from "zod";

export const imageExtension = {
  id: "openrouter.image_generation",
  toolType: "openrouter:image_generation",
  itemTypes: ["openrouter:image_generation"],
  encodeTool: ({ args }) => ({ parameters: args }),
  decodeItem: ({ item }) =>
    item.result
      ? [{ type: "file", mediaType: "image/png", data: { type: "data", data: item.result } }]
      : [],
};

export const imageTool = (args = {}) =>
  tool({
    type: "provider",
    id: "openrouter.image_generation",
    args,
    isProviderExecuted: true,
    inputSchema: z.object({}),
    outputSchema: z.any(),
  });
