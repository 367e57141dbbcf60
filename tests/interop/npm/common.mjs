// What the client scripts share: the request, the hash, and the one line of JSON they end with.
import { createHash } from "node:crypto";

export const [base, model] = process.argv.slice(2);
export const prompt = "a red fox under the moon";
export const tool = { type: "image_generation", size: "256x256", partial_images: 2 };

export const sha256 = (base64) =>
  createHash("sha256").update(Buffer.from(base64, "base64")).digest("hex");

export const report = (told) => console.log(JSON.stringify(told));

// The error a call ends with: its class as the client exports it, its status, what it says.
export async function errorOf(call, classes = {}) {
  try {
    await call();
  } catch (error) {
    const name = Object.keys(classes).find((key) => error instanceof classes[key]);
    return {
      class: name ?? error.constructor.name,
      status: error.status ?? error.statusCode ?? null,
      message: String(error.message),
    };
  }
  return null;
}

// Some clients cannot name the hosted tool: this puts it into the body on its way out.
export const fetchWithTool = (tools) => async (input, init) => {
  const request = new Request(input, init);
  if (request.method !== "POST") return fetch(request);
  const body = JSON.stringify({ ...(await request.json()), tools });
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  return fetch(request.url, { method: "POST", headers, body, signal: request.signal });
};

// Two turns: what the user says, the function, and what it sees. The house's model knows them.
export const turns = {
  ask: "Look out of the window, then paint what you see.",
  night: "make it night",
  seen: "a red fox on a hill",
  hosted: { type: "image_generation", size: "256x256", partial_images: 1 },
  look: {
    type: "function",
    name: "look",
    description: "Looks out of a window.",
    parameters: {
      type: "object",
      properties: { window: { type: "string" } },
      required: ["window"],
      additionalProperties: false,
    },
    strict: true,
  },
};

const pictured = ["image_generation_call", "openrouter:image_generation"];

// What a client came to, out of its responses: the words and the pictures' hashes, in order.
export const told = (responses, more = {}) => ({
  words: responses.map((response) =>
    response.output
      .filter((item) => item.type === "message")
      .flatMap((item) => item.content.map((part) => part.text))
      .join(""),
  ),
  pictures: responses.flatMap((response) =>
    response.output.filter((item) => pictured.includes(item.type)).map((item) => sha256(item.result)),
  ),
  usage: responses.map((response) => [
    response.usage.input_tokens ?? response.usage.inputTokens,
    response.usage.output_tokens ?? response.usage.outputTokens,
  ]),
  ...more,
});
