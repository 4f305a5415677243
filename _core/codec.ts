/**
 * The codec with all that it needs to send plain functions: see `codec_core.ts`, which does the work. A child process begins
 * with that alone, since the parser takes longer to load than the rest.
 *
 * @module
 */

import { findFreeNames } from "./free_variables.ts";
import { setSourceReader } from "./source_reader.ts";

export {
  decode,
  type DecodeOptions,
  decodeRange,
  encode,
  type Encoded,
  encodeInstance,
  encodeInto,
  namedModules,
  requiredModules,
  type Target,
} from "./codec_core.ts";

setSourceReader(findFreeNames);
