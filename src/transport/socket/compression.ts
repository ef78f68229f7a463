import type { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { BlockReader, BlockWriter } from './compressed-blocks.ts';
import { Tunnel } from './tunnel.ts';

/** The two ways in which clients compress a whole connection (protocol/socket.md, "Compression"). */

/** Neither side ever sends the end of its zlib stream. */
const STREAM_OPTIONS = { flush: constants.Z_SYNC_FLUSH, finishFlush: constants.Z_SYNC_FLUSH };

/** `zlib:stream`: one continuous zlib stream per direction; every write is flushed. */
export function inflateStream(stream: Duplex): Duplex {
  return new Tunnel(stream, createInflate(STREAM_OPTIONS), createDeflate(STREAM_OPTIONS));
}

/** `zlib`: blocks, each compressed by itself or not at all. `maxBlockBytes` bounds a block before and after decompression. */
export function inflateBlocks(stream: Duplex, maxBlockBytes: number): Duplex {
  return new Tunnel(stream, new BlockReader(maxBlockBytes), new BlockWriter());
}
