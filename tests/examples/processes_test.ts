import { checkPrograms, lines } from "./run_example.ts";

/** What each program has to print; the order counts where the program fixes it. */
checkPrograms("P", {
  P8: lines(
    "b 1 bytes, -128 to 127, one more is -128",
    "B 1 bytes, 0 to 255, one more is 0",
    "h 2 bytes, -32768 to 32767, one more is -32768",
    "H 2 bytes, 0 to 65535, one more is 0",
    "i 4 bytes, -2147483648 to 2147483647, one more is -2147483648",
    "I 4 bytes, 0 to 4294967295, one more is 0",
    "l 8 bytes, -9223372036854775808 to 9223372036854775807, one more is -9223372036854775808",
    "L 8 bytes, 0 to 18446744073709551615, one more is 0",
    "f 4 bytes, whole numbers to 16777216, one more is 16777216",
    "d 8 bytes, numbers to 1.8e308, what is more is Infinity",
    "c 1 byte: 65",
    "u 4 bytes, one code point: 語",
    /^Cannot create Value: type code "b"/,
  ),
});
