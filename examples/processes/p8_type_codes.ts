// deno run examples/processes/p8_type_codes.ts
// P8: the type codes of values and arrays: size, range, and what becomes of a number that is too large.
import { SharedArray, Value } from "@nogil/std/process";

for (const code of ["b", "B", "h", "H", "i", "I"] as const) {
  const bytes = SharedArray(code, 1).BYTES_PER_ELEMENT;
  const signed = code === code.toLowerCase();
  const least = signed ? -(2 ** (8 * bytes - 1)) : 0;
  const most = 2 ** (8 * bytes - (signed ? 1 : 0)) - 1;
  const value = new Value(code, most);
  value.add(1);
  console.log(code, `${bytes} bytes, ${least} to ${most}, one more is ${value.value}`);
}

for (const code of ["l", "L"] as const) {
  const bytes = SharedArray(code, 1).BYTES_PER_ELEMENT;
  const least = code === "l" ? -(2n ** 63n) : 0n;
  const most = code === "l" ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  const value = new Value(code, most);
  value.add(1n);
  console.log(code, `${bytes} bytes, ${least} to ${most}, one more is ${value.value}`);
}

const float = new Value("f", 16_777_217);
console.log("f 4 bytes, whole numbers to 16777216, one more is", float.value);
const double = new Value("d", 1e308);
double.value *= 10;
console.log("d 8 bytes, numbers to 1.8e308, what is more is", double.value);
const char = new Value("c", Uint8Array.of(65));
console.log("c 1 byte:", char.value[0]);
const letter = new Value("u", "語");
console.log("u 4 bytes, one code point:", letter.value);
try {
  new Value("b", "8" as never);
} catch (error) {
  console.log((error as Error).message);
}
