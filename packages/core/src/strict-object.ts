import { z } from "zod";

/** An object of these keys alone. Its errors say what it must be, or which keys there are. */
export function strictObject<Shape extends z.core.$ZodShape>(
  shape: Shape,
  expects: string,
): z.ZodObject<Shape, z.core.$strict> {
  // A literal only tells apart what short forms stand for: nobody is to write it.
  const known = Object.keys(shape).filter((key) => !(shape[key] instanceof z.ZodLiteral));
  const unknown = `unknown (there are: ${known.join(", ")})`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? unknown : expects),
  });
}
