import { z } from "zod";

/** An object of these keys alone. Its errors say what it must be, or which keys there are. */
export function strictObject<Shape extends z.core.$ZodShape>(
  shape: Shape,
  expects: string,
): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape).join(", ");
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? `unknown (there are: ${known})` : expects),
  });
}
