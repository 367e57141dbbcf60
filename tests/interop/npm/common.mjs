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
export const fetchWithTool = async (input, init) => {
  const request = new Request(input, init);
  if (request.method !== "POST") return fetch(request);
  const body = JSON.stringify({ ...(await request.json()), tools: [tool] });
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  return fetch(request.url, { method: "POST", headers, body, signal: request.signal });
};
